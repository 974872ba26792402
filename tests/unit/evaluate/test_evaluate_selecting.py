"""Figures of an answer chosen from several draws, against enumeration."""

from itertools import combinations

import pytest

from openqwq.evaluate.scores import powers
from openqwq.evaluate.selecting import best_at_k, majority


@pytest.mark.parametrize(
    ("votes", "chance"),
    [
        ([0, 0, 1], 1.0),
        ([0, 1, 1], 0.0),
        ([0, 1], 0.5),
        ([0, 1, 2, None], 1 / 3),
        ([0, None, None, None], 1.0),  # who says nothing is no majority
        ([None, None], 0.0),
        ([1, 2], 0.0),
    ],
)
def test_majority(votes, chance):
    assert majority(votes) == pytest.approx(chance)


@pytest.mark.parametrize("scores", [[3.0, 2.0, 1.0, 0.0], [1.0, 1.0, 1.0, 0.0], [0.5, 2.0, 2.0, -1.0]])
@pytest.mark.parametrize("correct", [[True, False, True, False], [False, True, False, False], [False] * 4, [True] * 4])
def test_best_at_k_is_the_mean_over_all_subsets(scores, correct):
    for k in range(1, 5):
        chances = []
        for subset in combinations(range(4), k):
            top = max(scores[i] for i in subset)
            tied = [correct[i] for i in subset if scores[i] == top]
            chances.append(sum(tied) / len(tied))
        assert best_at_k(scores, correct, k) == pytest.approx(sum(chances) / len(chances))


@pytest.mark.parametrize(("scores", "correct", "k"), [([1.0], [True], 2), ([1.0], [True], 0), ([1.0], [True, False], 1)])
def test_best_at_k_refuses_what_has_no_meaning(scores, correct, k):
    with pytest.raises(ValueError, match="not defined"):
        best_at_k(scores, correct, k)


def test_powers_of_two_and_k():
    assert [powers(k) for k in (2, 3, 4, 5, 8, 64)] == [[2], [2, 3], [2, 4], [2, 4, 5], [2, 4, 8], [2, 4, 8, 16, 32, 64]]
