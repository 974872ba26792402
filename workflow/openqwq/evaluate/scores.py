"""From the samples of one stage on one benchmark to `SCORE` rows.

    avg@k     share of correct completions, averaged over problems
    pass@j    unbiased chance that one of j draws is correct, for j = 2, 4, 8 … and k
    maj@k     chance that the most frequent of k answers is correct; math alone
    best@j    unbiased chance that the best of j draws by the reward model is correct; where it has scored them
    score@k   mean score, where a verifier gives part credit
    success/… share of correct ones among the episodes of an environment (`success/<environment>`), and among those that
              took n turns of the model (`success/turns=<n>`), averaged over problems

An unscorable sample is left out and counted. What is chosen from k draws needs k: a problem with an unscorable draw has fewer
and is left out of pass, maj and best. All of it stands once more for the subset `clean`, where some problems are touched.
"""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from openqwq.agents.environment import BadTask, reference_of
from openqwq.agents.rows import VERIFIER
from openqwq.artifacts.schemas import CUT
from openqwq.evaluate.selecting import best_at_k, majority
from openqwq.evaluate.statistics import Estimate, mean, pass_at_k

COLUMNS = ["problem_id", "domain", "sample", "verifier", "reference", "verdict", "score", "tokens", "finish_reason", "turns"]
ANNOTATED = ["vote", "mixed", "touched"]
REWARD = "reward_model"  # name in `rewards` of what best@k goes by
Values = list[tuple[str, int, pd.Series]]  # metric, its k, one value a problem


def frame(table: pa.Table) -> pd.DataFrame:
    """The columns of a `SAMPLE` table that scores are made of; `best`, the reward model's score; `environment` of an episode."""
    made = table.select([*COLUMNS, *ANNOTATED]).to_pandas()
    names = [_environment(*pair) for pair in zip(made.verifier, made.reference, strict=True)]
    best = pc.map_lookup(table["rewards"], pa.scalar(REWARD), "first").to_pandas().astype(float)
    return made.drop(columns="reference").assign(best=best, environment=pd.Series(names, index=made.index, dtype=object))


def _environment(verifier: str | None, reference: str | None) -> str | None:
    """The environment of an episode; None for a completion, and for an episode of no readable task, which is unscorable."""
    try:
        return reference_of({"reference": reference})[0] if verifier == VERIFIER else None
    except BadTask:
        return None


def by_problem(samples: pd.DataFrame) -> pd.DataFrame:
    """One row a problem that has a scorable sample: `correct` and `scorable` counts, `accuracy` and mean `score`."""
    scorable = _scorable(samples)
    groups = scorable.assign(right=scorable.verdict == "correct").groupby("problem_id", sort=True)
    made = groups.agg(correct=("right", "sum"), scorable=("right", "size"), score=("score", "mean"))
    return made.assign(accuracy=made.correct / made.scorable)


def score_rows(
    stage: str, benchmark: str, samples: pd.DataFrame, *, seconds: float, draws: int, seed: int
) -> list[dict[str, Any]]:
    """The `SCORE` rows of all problems, and of the clean ones where that is another set. `seconds` is what drawing took."""
    subsets = {"all": samples}
    touched = samples.touched.fillna(False).astype(bool)
    if touched.any():
        subsets["clean"] = samples[~touched]
    k, rows = int(samples["sample"].max()) + 1, []
    shared = {"stage": stage, "benchmark": benchmark, "domain": str(samples.domain.iloc[0]), "seconds": seconds}
    for subset, chosen in subsets.items():
        described = shared | {"subset": subset} | _described(chosen)
        for metric, j, values in _values(chosen, k, voted=bool((samples.verifier == "math").all())):
            rows.append(described | {"metric": metric, "k": j} | _figures(values, j, draws, seed))
    for name, part in _parts(samples):
        each = max(1, len(part) // max(1, part.problem_id.nunique()))
        described = shared | {"subset": "all"} | _described(part) | {"metric": name, "k": each}
        rows.append(described | _figures(by_problem(part).accuracy, each, draws, seed))
    return rows


def _parts(samples: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Episodes by environment, then by turns."""
    episodes = samples[samples.environment.notna()]
    for name, part in episodes.groupby("environment", sort=True):
        yield f"success/{name}", part
    for turns, part in episodes.groupby("turns", sort=True):
        yield f"success/turns={turns:.0f}", part


def _described(samples: pd.DataFrame) -> dict[str, Any]:
    """What stands beside every figure; shares of nothing are 0."""
    share = {
        "truncated": samples.finish_reason.isin(CUT),
        "unscorable": samples.verdict == "unscorable",
        "mixed": samples.mixed,
        "mean_tokens": samples.tokens,
    }
    described = {name: float(values.mean()) if len(samples) else 0.0 for name, values in share.items()}
    return described | {"tokens": int(samples.tokens.sum())}


def _values(samples: pd.DataFrame, k: int, *, voted: bool) -> Values:
    """Every figure that these samples allow; maj@k where the benchmark is `voted` on."""
    problems = by_problem(samples)
    made: Values = [("avg@k", k, problems.accuracy)]
    if k > 1:
        whole = problems[problems.scorable >= k]
        counts = list(zip(whole.scorable.astype(int), whole.correct.astype(int), strict=True))
        made += [("pass@k", j, pd.Series([pass_at_k(n, c, j) for n, c in counts], dtype=float)) for j in powers(k)]
        groups = [group for _, group in samples[samples.problem_id.isin(whole.index)].groupby("problem_id", sort=True)]
        if voted:
            votes = [majority([None if pd.isna(v) else int(v) for v in group.vote]) for group in groups]
            made.append(("maj@k", k, pd.Series(votes, dtype=float)))
        scored = [(list(g.best), list(g.verdict == "correct")) for g in groups if g.best.notna().all()]
        if samples.best.notna().any():
            made += [("best@k", j, pd.Series([best_at_k(*one, j) for one in scored], dtype=float)) for j in powers(k)]
    if samples.score.between(0, 1, inclusive="neither").any():
        made.append(("score@k", k, problems.score))
    return made


def powers(k: int) -> list[int]:
    """2, 4, 8 … below k, and k."""
    return [2**i for i in range(1, k.bit_length()) if 2**i < k] + [k]


def _scorable(samples: pd.DataFrame) -> pd.DataFrame:
    return samples[samples.verdict.isin(["correct", "incorrect"])]


def _figures(values: pd.Series, k: int, draws: int, seed: int) -> dict[str, Any]:
    if not len(values):
        return {"n": 0, "value": None, "low": None, "high": None}
    made: Estimate = mean(list(values), samples=k, draws=draws, seed=seed)
    return {"n": made.n, "value": made.value, "low": made.low, "high": made.high}
