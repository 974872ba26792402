"""From the samples of one stage on one benchmark to `SCORE` rows.

`avg@k` is the share of correct completions, averaged over problems; `pass@k` the unbiased chance that one of k draws is
correct; `score@k` the mean score where a verifier gives part credit. An unscorable sample is left out and counted. Episodes
also have `success/<environment>` and `success/turns=<n>`, the share of correct ones among those of an environment and among
those that took n turns, by problem.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa

from openqwq.agents.environment import BadTask, reference_of
from openqwq.agents.rows import VERIFIER
from openqwq.artifacts.schemas import CUT
from openqwq.evaluate.statistics import Estimate, mean, pass_at_k

COLUMNS = ["problem_id", "domain", "sample", "verdict", "score", "tokens", "finish_reason", "turns", "verifier", "reference"]


def frame(table: pa.Table) -> pd.DataFrame:
    """The columns of a `COMPLETION` table that scores are made of."""
    read = table.select(COLUMNS).to_pandas()
    names = [_environment(*pair) for pair in zip(read.verifier, read.reference, strict=True)]
    return read.drop(columns=["verifier", "reference"]).assign(environment=pd.Series(names, index=read.index, dtype=object))


def _environment(verifier: str | None, reference: str | None) -> str | None:
    """The environment of an episode; None for a completion, and for an episode of no readable task, which is unscorable."""
    try:
        return reference_of({"reference": reference})[0] if verifier == VERIFIER else None
    except BadTask:
        return None


def by_problem(samples: pd.DataFrame) -> pd.DataFrame:
    """One row a problem that has a scorable sample: `correct` and `scorable` counts, `accuracy` and mean `score`."""
    scorable = samples[samples.verdict.isin(["correct", "incorrect"])]
    groups = scorable.assign(right=scorable.verdict == "correct").groupby("problem_id", sort=True)
    made = groups.agg(correct=("right", "sum"), scorable=("right", "size"), score=("score", "mean"))
    return made.assign(accuracy=made.correct / made.scorable)


def score_rows(
    stage: str, benchmark: str, samples: pd.DataFrame, *, seconds: float, draws: int, seed: int
) -> list[dict[str, Any]]:
    """`avg@k` always; `pass@k` for k > 1; `score@k` where there is part credit. `seconds` is what drawing took."""
    named = {"stage": stage, "benchmark": benchmark, "domain": str(samples.domain.iloc[0]), "seconds": seconds}
    k = int(samples["sample"].max()) + 1
    problems = by_problem(samples)
    shared = named | _shared(samples, k)
    columns = {"avg@k": problems.accuracy}
    if k > 1:
        whole = problems[problems.scorable >= k]  # pass@k needs k draws; a problem with an unscorable one has fewer
        columns["pass@k"] = pd.Series([pass_at_k(int(s), int(c), k) for s, c in zip(whole.scorable, whole.correct, strict=True)])
    if samples.score.between(0, 1, inclusive="neither").any():
        columns["score@k"] = problems.score
    made = [shared | {"metric": metric} | _figures(values, k, draws, seed) for metric, values in columns.items()]
    for name, part in _parts(samples):
        solved = by_problem(part)
        each = max(1, len(part) // max(1, part.problem_id.nunique()))
        made.append(named | _shared(part, each) | {"metric": name} | _figures(solved.accuracy, each, draws, seed))
    return made


def _parts(samples: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Episodes by environment, then by turns."""
    episodes = samples[samples.environment.notna()]
    for name, part in episodes.groupby("environment", sort=True):
        yield f"success/{name}", part
    for turns, part in episodes.groupby("turns", sort=True):
        yield f"success/turns={int(turns)}", part


def _shared(samples: pd.DataFrame, k: int) -> dict[str, Any]:
    return {
        "k": k,
        "truncated": float(samples.finish_reason.isin(CUT).mean()),
        "unscorable": float((samples.verdict == "unscorable").mean()),
        "mean_tokens": float(samples.tokens.mean()),
    }


def _figures(values: pd.Series, k: int, draws: int, seed: int) -> dict[str, Any]:
    if not len(values):
        return {"n": 0, "value": None, "low": None, "high": None}
    made: Estimate = mean(list(values), samples=k, draws=draws, seed=seed)
    return {"n": made.n, "value": made.value, "low": made.low, "high": made.high}
