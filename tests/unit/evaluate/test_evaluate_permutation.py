"""The paired test against enumeration of all signs, the binomial distribution, and under no difference."""

import math
from itertools import product

import numpy as np
import pytest

from openqwq.evaluate import permutation
from openqwq.evaluate.permutation import sign_flip

SAMPLES = [(4, 4), (1, 3), (2, 4), (0, 2), (3, 3)]
OTHERS = [(1, 4), (1, 2), (0, 4), (1, 2), (3, 3)]


def enumerated(after, before):
    d = [a / n - b / m for (a, n), (b, m) in zip(after, before, strict=True)]
    sums = [abs(sum(s * x for s, x in zip(signs, d, strict=True))) for signs in product((1, -1), repeat=len(d))]
    return sum(value >= abs(sum(d)) - 1e-12 for value in sums) / len(sums)


def test_all_assignments_of_signs_are_counted():
    assert sign_flip(SAMPLES, OTHERS, 1) == pytest.approx(enumerated(SAMPLES, OTHERS))
    assert sign_flip(OTHERS, SAMPLES, 1) == pytest.approx(enumerated(SAMPLES, OTHERS))


def test_with_one_sample_it_is_the_exact_test_of_mcnemar():
    after = [(1, 1)] * 9 + [(0, 1)] * 3 + [(1, 1)] * 50
    before = [(0, 1)] * 9 + [(1, 1)] * 3 + [(1, 1)] * 50
    tail = sum(math.comb(12, i) for i in range(4)) / 2**12
    assert sign_flip(after, before, 1) == pytest.approx(2 * tail)


def test_no_difference_is_no_evidence():
    assert sign_flip(SAMPLES, SAMPLES, 1) == 1.0
    assert sign_flip([(1, 1), (0, 1)], [(0, 1), (1, 1)], 1) == 1.0


def test_where_the_exact_distribution_does_not_fit_signs_are_drawn(monkeypatch):
    exact = sign_flip(SAMPLES * 3, OTHERS * 3, 1)
    monkeypatch.setattr(permutation, "CELLS", 1)
    drawn = sign_flip(SAMPLES * 3, OTHERS * 3, 1)
    assert drawn != exact
    assert drawn == pytest.approx(exact, abs=0.005)
    assert sign_flip([(1, 1)] * 60, [(0, 1)] * 60, 1) > 0


def test_a_true_difference_of_nothing_is_called_significant_as_rarely_as_promised():
    """An exact test of a sum that moves in steps stays below its level, here at about 3 %."""
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(1000):
        chance = rng.beta(1, 1, size=60)
        after, before = (list(zip(rng.binomial(4, chance).tolist(), [4] * 60, strict=True)) for _ in range(2))
        found += sign_flip(after, before, 1) <= 0.05
    assert 0.01 <= found / 1000 <= 0.055


@pytest.mark.parametrize(("after", "before"), [([], []), ([(1, 1)], []), ([(0, 0)], [(1, 1)])])
def test_nothing_to_compare(after, before):
    with pytest.raises(ValueError, match="paired test"):
        sign_flip(after, before, 1)
