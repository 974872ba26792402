"""The hacking meter: do an RL stage's rewards still mean what they should? Read from its stored rollouts.

While the stage runs, the share of `correct` completions with suspicious traits in the last steps is held against
`execution.bounds`; when it ends, all its rollouts are, and a sample of its math verdicts is judged again by math-verify
alone. A bound stops the stage when the lower end of the share's 95 % interval is above it, so that three odd completions
do not.
"""

import random
from pathlib import Path
from typing import Any

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.config import Bounds
from openqwq.errors import StageFailure
from openqwq.evaluate.statistics import mean
from openqwq.train.stored import tables
from openqwq.verify import Item, VerifierPool
from openqwq.verify.traits import TRAITS, traits

Rows = list[dict[str, Any]]
WINDOW = 5  # steps looked at while the stage runs
SAMPLE = 200  # math verdicts compared with math-verify
EXAMPLES = 20  # rollouts named for each finding
PEER = "math_verify"


def recent(folder: Path, step: int, bounds: Bounds) -> dict[str, float]:
    """Shares of each trait among the `correct` rollouts of step `step`, for the curves.

    Raises `StageFailure` when the last steps break a bound.
    """
    tables = [folder / f"step-{number:05d}.parquet" for number in range(max(1, step - WINDOW + 1), step + 1)]
    figures = _traits([row for table in tables if table.is_file() for row in _rows(table)])
    _hold(figures, bounds, f"steps {max(1, step - WINDOW + 1)} to {step}", folder)
    now = _traits(_rows(tables[-1]))
    return {f"suspicious/{name}": figure["share"] for name, figure in now.items() if figure["share"] is not None}


def whole(folder: Path, verifiers: VerifierPool, seed: int) -> dict[str, Any]:
    """The figures of all rollouts in `folder`: unscorable, traits, and disagreement with math-verify on a seeded sample."""
    rows = [row for table in tables(folder).values() for row in _rows(table)]
    judged = [row for row in rows if row["verifier"]]
    return {
        "rollouts": len(rows),
        "unscorable": _share([row for row in judged if row["verdict"] == "unscorable"], judged),
        "traits": _traits(rows),
        "disagreement": _disagreement(rows, verifiers, seed),
    }


def hold(figures: dict[str, Any], bounds: Bounds, folder: Path) -> None:
    """Raises `StageFailure` where a stage's figures break a bound."""
    _hold(figures["traits"] | {"disagreement": figures["disagreement"]}, bounds, "the stage", folder)


def _hold(figures: dict[str, Any], bounds: Bounds, when: str, folder: Path) -> None:
    for name, figure in figures.items():
        bound = getattr(bounds, name)
        if figure["low"] is not None and figure["low"] > bound:
            what = TRAITS.get(name, "math verdicts on which math-verify says otherwise")
            seen = ", ".join(f"{e['problem_id']} (step {e['step']}, sample {e['sample']})" for e in figure["examples"][:3])
            raise StageFailure(
                f"{when}: {name} in {figure['share']:.0%} of {figure['n']} rollouts (95 % interval from {figure['low']:.0%}), "
                f"execution.bounds.{name} allows {bound:.0%}: {what}. Look at {seen} in {folder}: if the policy cheats, mend "
                f"the verifier or the problems and train anew; if not, raise the bound and start the stage again: it resumes."
            )


def _rows(table: Path) -> Rows:
    rows: Rows = read_table(table, ROLLOUT).to_pylist()
    return rows


def _traits(rows: Rows) -> dict[str, Any]:
    correct = [row for row in rows if row["verdict"] == "correct"]
    named = [(row, traits(row["verifier"], row["reference"], row["prompt"], row["text"])) for row in correct]
    return {name: _share([row for row, found in named if name in found], correct) for name in TRAITS}


def _share(found: Rows, among: Rows) -> dict[str, Any]:
    """Count, share with its interval clustered by problem, and where to look."""
    by_problem: dict[str, list[float]] = {row["problem_id"]: [] for row in among}
    chosen = {id(row) for row in found}
    for row in among:
        by_problem[row["problem_id"]].append(float(id(row) in chosen))
    figure: dict[str, Any] = {"n": len(among), "count": len(found), "share": None, "low": None, "high": None}
    if among:
        shares = [sum(values) / len(values) for values in by_problem.values()]
        estimate = mean(shares, samples=max(1, len(among) // len(by_problem)), draws=2000, seed=0)
        figure |= {"share": len(found) / len(among), "low": min(estimate.low, len(found) / len(among)), "high": estimate.high}
    return figure | {"examples": [{key: row[key] for key in ("problem_id", "step", "sample")} for row in found[:EXAMPLES]]}


def _disagreement(rows: Rows, verifiers: VerifierPool, seed: int) -> dict[str, Any]:
    told = [row for row in rows if row["verifier"] == "math" and row["verdict"] in ("correct", "incorrect")]
    sample = random.Random(seed).sample(told, min(SAMPLE, len(told)))
    items = [Item(str(number), PEER, row["reference"], row["text"]) for number, row in enumerate(sample)]
    theirs = [judged.verdict.outcome for judged in verifiers.judge(items)] if items else []
    pairs = [(row, other) for row, other in zip(sample, theirs, strict=True) if other != "unscorable"]
    differ = [row for row, other in pairs if row["verdict"] != other]
    return _share(differ, [row for row, _ in pairs]) | {
        "only_ours_correct": sum(row["verdict"] == "correct" for row in differ),
        "only_theirs_correct": sum(row["verdict"] == "incorrect" for row in differ),
        "peer_could_not_tell": len(sample) - len(pairs),
    }
