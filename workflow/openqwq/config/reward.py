"""Pairs for the reward model that the recipe makes itself."""

from typing import Annotated, Literal

from pydantic import Field

from openqwq.config.base import Positive, Share, Strict

Judged = Literal["math", "code", "instruction", "tool"]  # domains of single completions with verdicts


class VerdictPairs(Strict):
    """Pairs of a correct and an incorrect completion of one problem, from the profile's samples (docs/reward.md)."""

    domains: Annotated[list[Judged], Field(min_length=1)]  # each of them has to be profiled
    per_problem: Positive = 2  # pairs a problem, at most; those nearest in length first
    max: Positive | None = None  # pairs in all, those held out included; nothing: all there are
    held_out: Annotated[Share, Field(gt=0.0, lt=1.0)] = 0.1  # share of the problems whose pairs measure and do not train
