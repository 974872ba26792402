"""What a policy loss is made of, in terms of TRL's loss code.

TRL's `_compute_loss` gives, for advantages A_it of completion i at token t and the ratio r of the policy to the one that wrote,

    L = − 1/N · Σ_i Σ_t surrogate(r, A_it)

when it is told a normaliser N (its `num_items_in_batch`, read by `dapo` and `cispo`). Sums with one N for the whole optimizer
step are the only form that does not change when the step is split into micro-batches of unequal size; TRL's own `grpo`,
`bnpo` and `dr_grpo` divide by each micro-batch's rows or tokens instead. So every loss here is such a sum: a surrogate of
TRL's, a factor on each completion's advantage, and N.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Loss:
    """One policy loss; `LOSSES` has them by name."""

    surrogate: Literal["dapo", "cispo"]  # TRL's loss_type
    level: Literal["token", "sequence"]  # of the ratio; TRL's importance_sampling_level
    clip_low: float | None  # unless configured; None: there is no such bound
    clip_high: float
    normaliser: Callable[[Sequence[int], int], float]  # N, from the completions' lengths and the longest that is allowed
    factor: Callable[[int], float]  # on a completion's advantage, from its length

    def clips(self, low: float | None, high: float | None) -> tuple[float, float]:
        """TRL's `epsilon` and `epsilon_high` from what is configured (None: this loss's own values).

        For `cispo` TRL's `epsilon_high` is the cap on the ratio itself; ours says how far above 1 it lies, as in the paper.
        """
        bottom = low if low is not None else self.clip_low
        top = high if high is not None else self.clip_high
        return (0.0 if bottom is None else bottom), (1 + top if self.surrogate == "cispo" else top)
