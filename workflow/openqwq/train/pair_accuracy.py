"""How well scores rank held-out pairs, and whether something simpler would do as well.

Accuracy is the share of pairs whose chosen side scores higher, a tie counting half: a mean over prompts of each prompt's
pairs, with a 95 % interval clustered by prompt. Beside it stand rules that look at length alone, and the accuracy among pairs
where such rules are of no use: as many with the chosen side longer as shorter. Calibration follows Guo et al. 2017
(arXiv 1706.04599): of the side that scores higher, σ(|difference|) is the predicted chance to be the chosen one.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from openqwq.evaluate.statistics import mean
from openqwq.train.pairs import Encoded

LIKE = 0.1  # of the longer side: lengths that differ by no more are called equal
CELLS = 5  # of the calibration, from 0.5 to 1
DRAWS = 10_000

Figure = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """A held-out pair and the scores of its sides."""

    encoded: Encoded
    chosen: float
    rejected: float

    def longer(self) -> int:
        """Tokens by which the chosen side is longer."""
        return len(self.encoded.chosen) - len(self.encoded.rejected)

    def length(self) -> str:
        """How long the chosen side is beside the other: shorter, equal (within a tenth of the longer) or longer."""
        longest = max(len(self.encoded.chosen), len(self.encoded.rejected))
        return "equal" if abs(self.longer()) <= LIKE * longest else "longer" if self.longer() > 0 else "shorter"


def accuracy(held_out: Sequence[Scored], training: Sequence[Encoded]) -> Figure:
    """All figures of the held-out pairs, JSON-able. The length rule that fits the `training` pairs better is one of them."""
    wins = [win(len(one.chosen) - len(one.rejected)) for one in training]
    longer = share(wins, [one.pair.prompt for one in training])["value"]
    rule = "longer" if longer >= 0.5 else "shorter"
    sign = 1 if rule == "longer" else -1
    sources: dict[str, list[Scored]] = {}
    for one in held_out:
        sources.setdefault(one.encoded.pair.source, []).append(one)
    even = [own[at] for own in sources.values() for at in balanced([one.longer() for one in own])]
    return ranked(held_out) | {
        "by_source": [{"source": source} | _both(own, sign) for source, own in sorted(sources.items())],
        "balanced": _both(even, sign) if even else None,
        "by_length": [
            {"chosen": length} | ranked(among)
            for length in ("shorter", "equal", "longer")
            if (among := [one for one in held_out if one.length() == length])
        ],
        "baselines": {
            "longer": _by(held_out, lambda one: one.longer()),
            "length": {"rule": rule, "training": max(longer, 1 - longer)} | _by(held_out, lambda one: sign * one.longer()),
        },
        "calibration": calibration([one.chosen - one.rejected for one in held_out]),
    }


def ranked(pairs: Sequence[Scored]) -> Figure:
    """Accuracy of the scores: `value`, `low`, `high`, `n` pairs of `prompts`."""
    return _by(pairs, lambda one: one.chosen - one.rejected)


def win(difference: float) -> float:
    """1 where the chosen side is ahead, a half for a tie."""
    return 1.0 if difference > 0 else 0.5 if difference == 0 else 0.0


def balanced(longer_by: Sequence[int]) -> list[int]:
    """Places of the pairs that are left where a rule of length is right on half: all of equal length, and as many with the chosen
    side longer as shorter, those that differ least.

    `longer_by` are the tokens by which the chosen side is longer.
    """
    order = sorted(range(len(longer_by)), key=lambda at: abs(longer_by[at]))
    longer = [at for at in order if longer_by[at] > 0]
    shorter = [at for at in order if longer_by[at] < 0]
    few = min(len(longer), len(shorter))
    return sorted([*longer[:few], *shorter[:few], *(at for at in order if longer_by[at] == 0)])


def share(wins: Sequence[float], prompts: Sequence[str]) -> Figure:
    """The mean over prompts with its interval."""
    by_prompt: dict[str, list[float]] = {}
    for prompt, value in zip(prompts, wins, strict=True):
        by_prompt.setdefault(prompt, []).append(value)
    values = [sum(own) / len(own) for own in by_prompt.values()]
    estimate = mean(values, samples=max(1, len(wins) // len(values)), draws=DRAWS, seed=0)
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": len(wins), "prompts": len(values)}


def calibration(differences: Sequence[float]) -> Figure:
    """Predicted against observed by cells of confidence, and the expected calibration error over them.

    `differences` are score of chosen − score of rejected; ECE = Σ n_cell / n · |observed − predicted|.
    """
    cells: dict[int, list[tuple[float, float]]] = {}
    for difference in differences:
        confidence = 1 / (1 + math.exp(-min(abs(difference), 700.0)))
        cell = min(int((confidence - 0.5) * 2 * CELLS), CELLS - 1)
        cells.setdefault(cell, []).append((confidence, win(difference)))
    rows: list[Figure] = []
    error = 0.0
    for cell, pairs in sorted(cells.items()):
        predicted = sum(confidence for confidence, _ in pairs) / len(pairs)
        observed = mean([won for _, won in pairs], samples=1, draws=DRAWS, seed=0)
        error += len(pairs) / len(differences) * abs(observed.value - predicted)
        rows.append(
            {
                "from": 0.5 + cell / (2 * CELLS),
                "to": 0.5 + (cell + 1) / (2 * CELLS),
                "n": len(pairs),
                "predicted": predicted,
                "observed": observed.value,
                "low": observed.low,
                "high": observed.high,
            }
        )
    return {"error": error, "cells": rows}


def _by(pairs: Sequence[Scored], ahead: Callable[[Scored], float]) -> Figure:
    return share([win(ahead(one)) for one in pairs], [one.encoded.pair.prompt for one in pairs])


def _both(pairs: Sequence[Scored], sign: int) -> Figure:
    return ranked(pairs) | {"length": _by(pairs, lambda one: sign * one.longer())["value"]}
