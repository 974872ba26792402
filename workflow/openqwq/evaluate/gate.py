"""Paired comparison of stages on the same problems, and the gate: general RL must not lose what reason RL gained."""

from itertools import pairwise
from typing import Any

import pandas as pd

from openqwq.config.evaluate import EvaluateConfig
from openqwq.errors import UserError
from openqwq.evaluate.permutation import sign_flip
from openqwq.evaluate.scores import by_problem
from openqwq.evaluate.statistics import Estimate, detectable, difference, problems_needed

ORDER = ("base", "coldstart", "reason", "general")
BEFORE, AFTER = "reason", "general"  # the stages that the gate compares
Frames = dict[str, dict[str, pd.DataFrame]]  # stage → benchmark → samples


def paired(after: pd.DataFrame, before: pd.DataFrame, where: str, *, draws: int, seed: int) -> tuple[Estimate | None, int]:
    """Difference in accuracy over the problems that both stages could be scored on, and how many others were left out.

    Of a stage that was asked fewer problems (`most_problems`) all are among the other's, and only those count here. None when no
    problem is left. Raises `UserError` when each stage was asked problems that the other was not.
    """
    asked = set(after.problem_id) & set(before.problem_id)
    if len(asked) < min(after.problem_id.nunique(), before.problem_id.nunique()):
        raise UserError(f"{where}: the two stages were not evaluated on the same problems. Evaluate both again in this run.")
    both = by_problem(after).accuracy.to_frame("after").join(by_problem(before).accuracy.to_frame("before"), how="inner")
    left_out = len(asked) - len(both)
    if both.empty:
        return None, left_out
    k = int(min(after["sample"].max(), before["sample"].max())) + 1
    made = difference(list(both["after"]), list(both["before"]), samples=k, draws=draws, seed=seed)
    return made, left_out


def comparisons(frames: Frames, config: EvaluateConfig, seed: int) -> list[dict[str, Any]]:
    """Each benchmark's checkpoints, each against the one before it among those that were measured on the benchmark.

    `shown` is `gain` or `loss` when the 95 % interval of the difference excludes zero, else `none`; `detectable` is the
    difference that the sample would have shown with 80 % power; `p` the two-sided p-value of no difference. `clean` has the
    same figures of the problems that no training data touches, where that is not all of them.
    """
    made = []
    for benchmark in sorted(set().union(*frames.values())):
        for before, after in pairwise(stage for stage in ORDER if benchmark in frames.get(stage, {})):
            where = f"{before} and {after} on {benchmark}"
            row: dict[str, Any] = {"before": before, "after": after, "benchmark": benchmark, "metric": "avg@k"}
            row |= compared(frames[after][benchmark], frames[before][benchmark], where, draws=config.bootstrap, seed=seed)
            new, old = untouched(frames[after][benchmark]), untouched(frames[before][benchmark])
            if len(new) < len(frames[after][benchmark]) or len(old) < len(frames[before][benchmark]):
                row["clean"] = compared(new, old, f"{where}, clean", draws=config.bootstrap, seed=seed)
            made.append(row)
    return sorted(made, key=lambda row: (ORDER.index(row["after"]), ORDER.index(row["before"]), row["benchmark"]))


def compared(after: pd.DataFrame, before: pd.DataFrame, where: str, *, draws: int, seed: int) -> dict[str, Any]:
    """A comparison's figures: n, difference, low, high, detectable, p, shown, left_out."""
    estimate, left_out = paired(after, before, where, draws=draws, seed=seed)
    if estimate is None:
        nothing = dict.fromkeys(("difference", "low", "high", "detectable", "p"))
        return {"n": 0} | nothing | {"shown": "none", "left_out": left_out}
    return {
        "n": estimate.n,
        "difference": round(estimate.value, 6),
        "low": round(estimate.low, 6),
        "high": round(estimate.high, 6),
        "detectable": round(detectable(estimate.deviation), 6),
        "p": p_value(after, before, seed),
        "shown": "gain" if estimate.low > 0 else "loss" if estimate.high < 0 else "none",
        "left_out": left_out,
    }


def untouched(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples of problems that no training data touches."""
    return samples[~samples.touched.fillna(False).astype(bool)]


def p_value(after: pd.DataFrame, before: pd.DataFrame, seed: int) -> float:
    """Two-sided p-value of no difference in accuracy, three digits, over the problems that `paired` compares."""
    first, second = by_problem(after), by_problem(before)
    both = first.index.intersection(second.index)
    after_counts, before_counts = (
        list(zip(one.correct[both].tolist(), one.scorable[both].tolist(), strict=True)) for one in (first, second)
    )
    return float(f"{sign_flip(after_counts, before_counts, seed):.3g}")


def decide(frames: Frames, config: EvaluateConfig, seed: int) -> dict[str, Any]:
    """The gate's verdict: `pass`, `fail`, `not enough samples` or `not measured`, with what led to it for each benchmark.

    A benchmark passes when the one-sided 95 % lower bound of the difference lies above −margin, and fails when the upper
    bound lies below it. The worst benchmark decides.
    """
    rows = [_decide_one(frames, benchmark, config, seed) for benchmark in config.gate.benchmarks]
    worst = ("fail", "not measured", "not enough samples", "pass")
    verdict = min((row["verdict"] for row in rows), key=worst.index) if rows else "not measured"
    return {
        "verdict": verdict,
        "before": BEFORE,
        "after": AFTER,
        "margin": config.gate.margin,
        "confidence": 0.95,
        "benchmarks": rows,
    }


def _decide_one(frames: Frames, benchmark: str, config: EvaluateConfig, seed: int) -> dict[str, Any]:
    row: dict[str, Any] = {"benchmark": benchmark}
    absent = [stage for stage in (BEFORE, AFTER) if benchmark not in frames.get(stage, {})]
    if absent:
        return row | {"verdict": "not measured", "why": f"no samples of {' and '.join(absent)}"}
    before, after = frames[BEFORE][benchmark], frames[AFTER][benchmark]
    estimate, left_out = paired(after, before, f"gate on {benchmark}", draws=config.bootstrap, seed=seed)
    if estimate is None:
        return row | {"verdict": "not measured", "why": "no problem could be scored in both stages"}
    margin = config.gate.margin
    row |= {
        "n": estimate.n,
        "left_out": left_out,
        "difference": round(estimate.value, 6),
        "lower": round(estimate.floor, 6),
        "upper": round(estimate.ceiling, 6),
    }
    if estimate.floor > -margin:
        return row | {"verdict": "pass", "why": "the lower bound lies above −margin"}
    if estimate.ceiling < -margin:
        return row | {"verdict": "fail", "why": "the upper bound lies below −margin"}
    return row | {
        "verdict": "not enough samples",
        "why": "the interval contains −margin",
        "problems_needed": problems_needed(estimate.deviation, estimate.n, margin, estimate.value),
    }
