"""Figures against closed forms, enumeration and simulation."""

from itertools import combinations

import numpy as np
import pytest

from openqwq.evaluate.statistics import detectable, difference, mean, pass_at_k, problems_needed

EXPERIMENTS = 2000


@pytest.mark.parametrize("samples", range(1, 8))
def test_pass_at_k_is_the_share_of_subsets_that_contain_a_correct_draw(samples):
    for correct in range(samples + 1):
        draws = [True] * correct + [False] * (samples - correct)
        for k in range(1, samples + 1):
            subsets = list(combinations(draws, k))
            assert pass_at_k(samples, correct, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


@pytest.mark.parametrize(("samples", "correct", "k"), [(4, 2, 5), (4, 2, 0), (4, 5, 1), (4, -1, 1)])
def test_pass_at_k_refuses_what_has_no_meaning(samples, correct, k):
    with pytest.raises(ValueError, match="not defined"):
        pass_at_k(samples, correct, k)


def test_binary_interval_is_the_jeffreys_interval():
    # 95 % quantiles of Beta(10.5, 90.5), Brown, Cai and DasGupta 2001: 10 of 100
    made = mean([1.0] * 10 + [0.0] * 90, samples=1, draws=200_000, seed=1)
    assert made.value == pytest.approx(0.1)
    assert (made.low, made.high) == pytest.approx((0.0526, 0.1700), abs=5e-4)


@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("samples", [1, 8])
def test_interval_has_width_at_the_ends_of_the_scale(level, samples):
    made = mean([level] * 40, samples=samples, draws=5000, seed=1)
    assert made.value == level
    assert made.high - made.low > 0.02
    assert 0.0 <= made.low <= made.high <= 1.0


def test_no_difference_at_all_still_leaves_a_width():
    made = difference([1.0] * 20 + [0.0] * 20, [1.0] * 20 + [0.0] * 20, samples=1, draws=5000, seed=1)
    assert made.value == 0
    assert made.low < -0.01
    assert made.high > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("n", [100, 300])
@pytest.mark.parametrize("truth", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("samples", [1, 4])
def test_interval_covers_the_truth(n, truth, samples):
    """With k = 4 the problems differ in difficulty, so draws of one problem hang together."""
    rng = np.random.default_rng(n)
    covered = 0
    for seed in range(EXPERIMENTS):
        chance = np.full(n, truth) if samples == 1 else rng.beta(truth, 1 - truth, size=n)
        made = mean(rng.binomial(samples, chance) / samples, samples=samples, draws=1000, seed=seed)
        covered += made.low <= truth <= made.high
    assert 0.93 <= covered / EXPERIMENTS <= 0.97


def test_where_few_are_solved_the_plain_bootstrap_fails_and_ours_does_not():
    """n = 50, mean .03: in one benchmark of five nothing is solved, and the percentile interval has no width."""
    rng = np.random.default_rng(1)
    ours = plain = 0
    for seed in range(500):
        values = rng.binomial(1, 0.03, size=50).astype(float)
        made = mean(values, samples=1, draws=500, seed=seed)
        low, high = np.quantile(rng.binomial(50, values.mean(), size=500) / 50, [0.025, 0.975])
        ours += made.low <= 0.03 <= made.high
        plain += low <= 0.03 <= high
    assert ours / 500 > 0.92
    assert plain / 500 < 0.86


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after", "alike"), [(0.5, 0.5, 0.0), (0.5, 0.45, 0.7), (0.1, 0.05, 0.8)])
def test_paired_interval_covers_the_true_difference(before, after, alike):
    rng = np.random.default_rng(7)
    covered, n = 0, 100
    for seed in range(EXPERIMENTS):
        first = rng.random(n)
        second = np.where(rng.random(n) < alike, first, rng.random(n))
        a, b = (second < after).astype(float), (first < before).astype(float)
        made = difference(a, b, samples=1, draws=1000, seed=seed)
        covered += made.low <= after - before <= made.high
    assert 0.93 <= covered / EXPERIMENTS <= 0.97


@pytest.mark.slow
def test_paired_interval_of_several_samples_covers_the_true_difference():
    """Four samples a problem, whose chances are mostly near 0 or 1, and fall by a tenth of themselves."""
    rng = np.random.default_rng(11)
    covered, n, k = 0, 100, 4
    for seed in range(EXPERIMENTS):
        chance = rng.beta(0.5, 0.5, size=n)
        a, b = rng.binomial(k, 0.9 * chance) / k, rng.binomial(k, chance) / k
        made = difference(a, b, samples=k, draws=1000, seed=seed)
        covered += made.low <= -0.05 <= made.high
    assert 0.93 <= covered / EXPERIMENTS <= 0.97


def test_pairing_narrows_the_interval():
    before = [1.0] * 50 + [0.0] * 50
    after = before.copy()
    after[0] = 0.0
    paired = difference(after, before, samples=1, draws=5000, seed=1)
    shuffled = difference(after[::-1], before, samples=1, draws=5000, seed=1)
    assert paired.value == shuffled.value == pytest.approx(-0.01)
    assert paired.high - paired.low < 0.3 * (shuffled.high - shuffled.low)


def test_the_same_seed_gives_the_same_interval():
    values = [0.0, 0.25, 0.5, 1.0] * 10
    assert mean(values, samples=4, draws=500, seed=3) == mean(values, samples=4, draws=500, seed=3)
    assert mean(values, samples=4, draws=500, seed=3) != mean(values, samples=4, draws=500, seed=4)


def test_no_problems_is_an_error():
    with pytest.raises(ValueError, match="no problem"):
        mean([], samples=1, draws=10, seed=1)
    with pytest.raises(ValueError, match="no problem"):
        difference([], [], samples=1, draws=10, seed=1)


def test_the_planned_sample_decides_as_often_as_promised():
    """Binary pairs, 20 % discordant, no true difference, margin .05: the planned n passes about 80 % of the time."""
    spread, margin = 0.2**0.5, 0.05
    n = problems_needed(spread / 10, 100, margin, 0.0)
    assert n == pytest.approx((1.645 + 0.842) ** 2 * 0.2 / margin**2, rel=0.01)
    rng = np.random.default_rng(5)
    passed = 0
    for seed in range(400):
        d = rng.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=n)
        passed += difference(d, np.zeros(n), samples=1, draws=500, seed=seed).floor > -margin
    assert 0.74 <= passed / 400 <= 0.87


def test_no_number_of_problems_tells_a_difference_from_itself():
    assert problems_needed(0.05, 100, 0.0, 0.0) is None
    assert problems_needed(0.05, 100, 0.03, -0.03) is None
    assert problems_needed(0.001, 100, 0.03, -0.0301) > 100


def test_detectable_difference_is_2_8_standard_errors():
    assert detectable(0.1) == pytest.approx(0.28, abs=0.001)
