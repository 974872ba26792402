"""How likely a gate of so many problems is to say something, before its results are there.

The gate looks at the mean of d, a problem's accuracy after minus that before, each a mean of samples. With p the chance that a
sample of the problem is right, d has the variance p(1 − p)(1/k + 1/k') from sampling k and k' of them, and that of the change of
p itself. The mean over n problems is taken as normal, which the bootstrap's is at these n (tests hold this against the gate).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

NORMAL = NormalDist()
SURE = NORMAL.inv_cdf(0.95)  # one-sided, as the gate
LIKELY = NORMAL.inv_cdf(0.8)  # the power that is asked for
# Standard deviation of a problem's change of p where the mean stays: our own assumption, for training moves some problems up and
# others down even where nothing is lost.
DRIFT = 0.15


def sampling_variance(accuracies: Sequence[float], k: int) -> float:
    """The mean of p(1 − p) over problems, from each one's share of `k` right samples.

    p̂(1 − p̂) k / (k − 1) is unbiased for k > 1. A single sample tells nothing of its problem: then all are taken to have the
    mean p, the most that the variance can be. One problem right and one wrong, of half a weight each, are added: a handful of
    problems that are all right or all wrong does not make certain. `accuracies` empty: the most there is, ¼.
    """
    if not accuracies:
        return 0.25
    n = len(accuracies)
    mean = (sum(accuracies) + 0.5) / (n + 1)
    if k == 1:
        return mean * (1 - mean)
    within = sum(p * (1 - p) for p in accuracies) * k / (k - 1)
    return (within + mean * (1 - mean)) / (n + 1)


def spread(variance: float, k: int, k_before: int) -> float:
    """The standard deviation of d for a problem whose p(1 − p) is `variance`, with `k` samples after and `k_before` before."""
    return math.sqrt(variance / k + variance / k_before + DRIFT**2)


def power(deviation: float, n: int, margin: float, loss: float = 0.0) -> float:
    """The chance that the gate passes where the true loss is `loss`, with `n` problems of the spread `deviation`."""
    return NORMAL.cdf((margin - loss) / (deviation / math.sqrt(n)) - SURE)


def detectable_loss(deviation: float, n: int, margin: float) -> float:
    """The true loss at which the gate fails with 80 % power: it lies beyond the margin."""
    return margin + (SURE + LIKELY) * deviation / math.sqrt(n)


def problems_for(deviation: float, margin: float) -> int | None:
    """How many problems give 80 % power against a loss of zero; None for a margin of zero, which no number settles."""
    return math.ceil(((SURE + LIKELY) * deviation / margin) ** 2) if margin > 0 else None
