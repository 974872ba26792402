"""The p-value of a paired difference: how often chance alone, swapping the stages' names problem by problem, does as much.

If two stages were equally good, a problem's two accuracies could as well have stood the other way round: each difference keeps
its size and takes either sign with probability ½ (Fisher's randomisation test for pairs, The Design of Experiments, 1935,
section 21). With one sample a problem it is the exact test of McNemar. Differences are multiples of a common fraction,
so the sum's distribution is computed whole instead of drawn, and the value is exact, wherever that distribution is not too large.
"""

import math
from collections.abc import Sequence

import numpy as np

CELLS = 50_000_000  # additions of an exact distribution; a second or so
DRAWS = 100_000  # of signs, where the exact distribution would be too large


def sign_flip(after: Sequence[tuple[int, int]], before: Sequence[tuple[int, int]], seed: int) -> float:
    """Two-sided p-value of no difference; `after` and `before` hold (correct, scorable) of the same problems in one order.

    Where numbers of scorable samples differ so much that the exact distribution does not fit, signs are drawn, and the observed
    assignment counts as one of them (Phipson and Smyth 2010, doi 10.2202/1544-6115.1585): never 0. Raises `ValueError`
    for no problem and for a problem without a scorable sample.
    """
    if not after or len(after) != len(before) or any(n < 1 for _, n in [*after, *before]):
        raise ValueError("a paired test needs problems that both stages could be scored on")
    common = math.lcm(*(n for _, n in [*after, *before]))
    differences = [c * (common // n) - d * (common // m) for (c, n), (d, m) in zip(after, before, strict=True)]
    observed, steps = abs(sum(differences)), [abs(step) for step in differences if step]
    if not observed:
        return 1.0
    unit = math.gcd(*steps)
    steps, observed = [step // unit for step in steps], observed // unit
    if sum(steps) * len(steps) <= CELLS:
        return _exact(steps, observed)
    signs = np.random.default_rng(seed)
    sizes = np.array(steps, dtype=float)
    as_far = sum(abs((signs.integers(0, 2, len(sizes)) * 2 - 1) @ sizes) >= observed for _ in range(DRAWS))
    return float((as_far + 1) / (DRAWS + 1))


def _exact(steps: list[int], observed: int) -> float:
    """P(|Σ ± step| ≥ observed) by convolution; the sum is counted from its least value, in twos."""
    chances = np.ones(1)
    for step in steps:  # either 0 or `step` of the sum's upper half
        longer = np.zeros(len(chances) + step)
        longer[: len(chances)] += chances / 2
        longer[step:] += chances / 2
        chances = longer
    sums = 2 * np.arange(len(chances)) - sum(steps)
    return min(1.0, float(chances[np.abs(sums) >= observed].sum()))
