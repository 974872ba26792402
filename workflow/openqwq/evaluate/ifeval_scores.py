"""IFEval's four figures (arXiv 2311.07911): strict or loose, by prompt or by instruction.

Strict is what the verifier says. Loose accepts an instruction that holds once the first or last line, or stars, are taken away.
By prompt all instructions have to be followed; by instruction each counts by itself, whichever prompt it stands in.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from openqwq.verify.instructions.judge import MAX_LENGTH, loosely

Counts = dict[str, tuple[float, float]]  # by problem: followed and asked, summed over its samples
BENCHMARK = "ifeval"  # the one whose scores they join
METRICS = ("strict_prompt", "strict_instruction", "loose_prompt", "loose_instruction")


def added(made: list[dict[str, Any]], rows: Sequence[dict[str, Any]], *, draws: int, seed: int) -> list[dict[str, Any]]:
    """The four figures as `SCORE` rows, from those `made` of the same samples, whose other columns they share."""
    shared = next(row for row in made if (row["metric"], row["subset"]) == ("avg@k", "all"))
    return [shared | figure for figure in four(rows, draws=draws, seed=seed)]


def four(rows: Sequence[dict[str, Any]], *, draws: int, seed: int) -> list[dict[str, Any]]:
    """`metric`, `n` (prompts), `value`, `low` and `high` of each figure, from judged `COMPLETION` rows.

    Unscorable samples are left out. The interval is that of a Bayesian bootstrap over prompts (Rubin 1981), as instructions of
    one prompt stand or fall together, with half an instruction that is followed and half one that is not added.
    """
    counts: dict[str, Counts] = {metric: defaultdict(lambda: (0.0, 0.0)) for metric in METRICS}
    for row in rows:
        if row["verdict"] not in ("correct", "incorrect"):
            continue
        reference = json.loads(row["reference"])
        asked = len(reference["instruction_id_list"])
        strict = round(row["score"] * asked)
        loose = sum(loosely(reference, row["text"])) if len(row["text"]) <= MAX_LENGTH else 0
        for name, followed in (("strict", strict), ("loose", max(strict, loose))):
            for unit, got, of in (("prompt", float(followed == asked), 1.0), ("instruction", float(followed), float(asked))):
                before = counts[f"{name}_{unit}"][row["problem_id"]]
                counts[f"{name}_{unit}"][row["problem_id"]] = (before[0] + got, before[1] + of)
    return [{"metric": metric, **_ratio(list(counts[metric].values()), draws, seed)} for metric in METRICS]


def _ratio(pairs: list[tuple[float, float]], draws: int, seed: int) -> dict[str, Any]:
    if not pairs:
        return {"n": 0, "value": None, "low": None, "high": None}
    got, of = (np.array(side) for side in zip(*pairs, strict=True))
    value = float(got.sum() / of.sum())
    rng = np.random.default_rng(seed)
    weights = rng.standard_gamma(np.array([*np.ones(len(pairs)), 0.5, 0.5]), size=(draws, len(pairs) + 2))
    ratios = weights @ np.array([*got, 1.0, 0.0]) / (weights @ np.array([*of, 1.0, 1.0]))
    low, high = (float(bound) for bound in np.quantile(ratios, [0.025, 0.975]))
    return {"n": len(pairs), "value": value, "low": min(low, value), "high": max(high, value)}
