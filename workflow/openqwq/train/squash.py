"""From a reward model's score, on no particular scale, to a reward in [0, 1]."""

import math
from collections.abc import Sequence

CLIP = 4.0  # deviations; rewards then lie between 0.018 and 0.982


class Squash:
    """σ(z), with z the score standardised by the held-out pairs' mean and deviation, and cut at ± `clip` (`CLIP` if None).

    The cut leaves a completion that looks better than all held-out ones little to gain: beyond what it was measured on, a
    reward model's score says less about quality (arXiv 2210.10760).
    """

    def __init__(self, mean: float = 0.0, deviation: float = 1.0, clip: float | None = None) -> None:
        self.mean, self.deviation, self.clip = mean, deviation, CLIP if clip is None else clip

    def __call__(self, scores: Sequence[float]) -> list[float]:
        """Each score's reward; scores are finite numbers."""
        return [1 / (1 + math.exp(-self._cut((score - self.mean) / self.deviation))) for score in scores]

    def _cut(self, z: float) -> float:
        return max(-self.clip, min(self.clip, z))
