"""The over-optimisation watch: does the policy learn what is better, or what pleases the reward model?

An imperfect reward model is right near the completions that it was trained on; pushed further, its score rises while quality
falls (Gao, Schulman and Hilton, arXiv 2210.10760), often because length pleases it (arXiv 2310.03716). So over the last batches
of rollouts the reward model's score is held against the rules' score of the same completions, and against their length.

All is read from the stored rollouts: a resumed stage sees what one that ran through would have seen.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.config import Bounds
from openqwq.errors import StageFailure
from openqwq.train.stored import tables

WINDOW = 10  # batches of rollouts looked at
LEAST = 5  # from which on a change is told
COLUMNS = ["problem_id", "domain", "step", "sample", "tokens", "score", "reward_model"]
Z = NormalDist().inv_cdf(0.95)
EXAMPLES = 3

Rows = list[dict[str, Any]]
Group = Rows  # the completions of one problem in one step


@dataclass(frozen=True)
class Change:
    """How much a mean has changed from the first step of the window to the last, with one-sided 95 % bounds."""

    value: float
    low: float
    high: float


def recent(folder: Path, step: int, bounds: Bounds) -> dict[str, float]:
    """The figures of step `step` for the curves; none where the reward model was not asked.

    Raises `StageFailure` when the window that ends with it breaks a bound: when its score is shown to rise, and the rules' score
    is shown to fall by more than `watch_rules`, or length to grow by more than `watch_length` while within a group the longer
    completion gets the higher score.
    """
    paths = tables(folder)
    steps = [number for number in paths if number <= step][-WINDOW:]
    groups = [group for number in steps for group in _groups(paths[number])]
    now = [row for group in groups for row in group if row["step"] == step]
    if not now:
        return {}
    figures = {"watch/reward_model": _mean([row["reward_model"] for row in now])}
    judged = [row["score"] for row in now if row["score"] is not None]
    if judged:
        figures["watch/rules"] = _mean(judged)
    taste = [value for group in groups if (value := taste_for_length(group)) is not None]
    mine = [value for group in groups if group[0]["step"] == step and (value := taste_for_length(group)) is not None]
    if mine:
        figures["watch/length_taste"] = _mean(mine)
    if len(steps) < LEAST:
        return figures
    pleased = change(groups, lambda row: row["reward_model"])
    ruled = change([[row for row in group if row["score"] is not None] for group in groups], lambda row: row["score"])
    length = change(groups, lambda row: math.log(max(1, row["tokens"])))
    named = {"watch/reward_model_change": pleased, "watch/rules_change": ruled}
    figures |= {name: found.value for name, found in named.items() if found is not None}
    if length is not None:
        figures["watch/length_growth"] = math.expm1(length.value)
    _hold(pleased, ruled, length, taste, bounds, (steps[0], step), _odd(groups), folder)
    return figures


def change(groups: Sequence[Group], of: Callable[[dict[str, Any]], float]) -> Change | None:
    """The change of a group's mean over the window: a straight line by least squares, each domain with a level of its own.

    The bounds take groups as independent, and their spread as it is (White's standard error). None where too few are there.
    """
    table = pd.DataFrame(
        [(group[0]["domain"], group[0]["step"], _mean([of(row) for row in group])) for group in groups if group],
        columns=["domain", "step", "value"],
    )
    apart = len(table) - table.domain.nunique() - 1
    if apart < 1:
        return None
    level = table.groupby("domain")
    x = (table.step - level.step.transform("mean")).to_numpy(dtype=float)
    y = (table.value - level.value.transform("mean")).to_numpy(dtype=float)
    spread = float((x**2).sum())
    if spread == 0:
        return None
    slope = float((x * y).sum()) / spread
    error = math.sqrt(float(((x * (y - slope * x)) ** 2).sum()) * len(table) / apart) / spread
    over = float(table.step.max() - table.step.min())
    return Change(slope * over, (slope - Z * error) * over, (slope + Z * error) * over)


def taste_for_length(group: Group) -> float | None:
    """The rank correlation (Spearman) of score and length within a group; None where one of them does not vary."""
    scores, lengths = (pd.Series([float(row[name]) for row in group]).rank() for name in ("reward_model", "tokens"))
    if scores.nunique() < 2 or lengths.nunique() < 2:
        return None
    return float(scores.corr(lengths))


def _groups(path: Path) -> list[Group]:
    """The groups of one step that the reward model was asked about."""
    rows = [row for row in read_table(path, ROLLOUT).select(COLUMNS).to_pylist() if row["reward_model"] is not None]
    by_problem: dict[str, Rows] = {}
    for row in rows:
        by_problem.setdefault(row["problem_id"], []).append(row)
    return list(by_problem.values())


def _hold(
    pleased: Change | None,
    ruled: Change | None,
    length: Change | None,
    taste: list[float],
    bounds: Bounds,
    steps: tuple[int, int],
    examples: str,
    folder: Path,
) -> None:
    """Raises `StageFailure` where the changes of the window break a bound."""
    if pleased is None or pleased.low <= 0:
        return
    found = ""
    if ruled is not None and -ruled.high > bounds.watch_rules:
        found = (
            f"the rules' score of the same completions fell by {-ruled.value:.2f} (95 % sure: by more than {-ruled.high:.2f}), "
            f"execution.bounds.watch_rules allows {bounds.watch_rules:g}"
        )
    elif length is not None and math.expm1(length.low) > bounds.watch_length and _shown_above_zero(taste):
        found = (
            f"completions grew by {math.expm1(length.value):.0%} (95 % sure: by more than {math.expm1(length.low):.0%}) and the "
            f"longer of a group please it more (rank correlation {_mean(taste):.2f}), execution.bounds.watch_length allows "
            f"{bounds.watch_length:.0%}"
        )
    if found:
        raise StageFailure(
            f"steps {steps[0]} to {steps[1]}: the reward model's mean score rose by {pleased.value:.2f} while {found}: the "
            f"policy learns to please the reward model. Look at {examples} in {folder}. Train anew with reward_model_gate: "
            "rules, a smaller weight of reward_model, a KL term or fewer steps; if what you read is better, raise the "
            "bound and start the stage again: it resumes."
        )


def _odd(groups: Sequence[Group]) -> str:
    """The last completions that please most with the least by the rules, or the greatest length."""
    rows = [row for group in groups for row in group]
    last = [row for row in rows if row["step"] == max(row["step"] for row in rows)]
    last.sort(key=lambda row: (row["score"] if row["score"] is not None else 0.0, -row["reward_model"], -row["tokens"]))
    return ", ".join(f"{row['problem_id']} (step {row['step']}, sample {row['sample']})" for row in last[:EXAMPLES])


def _shown_above_zero(values: list[float]) -> bool:
    """Whether a mean is, at one-sided 95 %."""
    if len(values) < 2:
        return False
    return _mean(values) - Z * float(np.std(values, ddof=1)) / math.sqrt(len(values)) > 0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
