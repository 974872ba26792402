"""What one answer is worth that is chosen from several draws of one problem: by vote, or by the reward model.

Both break ties in expectation: of several answers that stand equally high, each is handed in with equal chance. So the figure
depends neither on the order of the draws nor on a random number.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

RIGHT = 0  # the class of the answers that the verifier found equal to the gold


def majority(votes: Sequence[int | None]) -> float:
    """Chance that the most frequent answer is right (self-consistency, arXiv 2203.11171), in [0, 1].

    `votes` has a class of equal answers for each draw, `RIGHT` for correct ones; None is a draw that gave no answer and does
    not vote. Without any vote there is no answer, which is wrong.
    """
    counts = Counter(vote for vote in votes if vote is not None)
    if not counts:
        return 0.0
    most = max(counts.values())
    top = [vote for vote, count in counts.items() if count == most]
    return (RIGHT in top) / len(top)


def best_at_k(scores: Sequence[float], correct: Sequence[bool], k: int) -> float:
    """Unbiased chance that the draw with the highest score among `k` of n is correct.

    The mean over all C(n, k) subsets in closed form: with draws sorted by falling score, that at place i is the best one of
    C(n − 1 − i, k − 1) subsets. Raises `ValueError` unless 1 ≤ k ≤ n.
    """
    n = len(scores)
    if len(correct) != n or not 1 <= k <= n:
        raise ValueError(f"best@{k} is not defined for {n} scores of {len(correct)} draws")
    order = sorted(zip(scores, correct, strict=True), key=lambda draw: -draw[0])
    chance, place = 0.0, 0
    for _, tied in groupby(order, key=lambda draw: draw[0]):
        right = [one for _, one in tied]
        subsets = sum(math.comb(n - 1 - i, k - 1) for i in range(place, place + len(right)))
        chance += subsets * sum(right) / len(right)
        place += len(right)
    return chance / math.comb(n, k)
