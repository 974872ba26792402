"""The plan against runs whose time was published, with one set of constants."""

import pytest

from openqwq.plan.published import comparisons

RUNS = comparisons()
WANTED = ("DeepScaleR-1.5B", "DAPO", "DeepCoder-14B", "OpenR1-Distill-7B", "prime-rl", "NeMo-RL")


def test_the_runs_that_were_asked_for_are_all_there_with_a_source():
    for name in WANTED:
        assert any(name in run.name for run in RUNS), name
    assert all(len(run.source) > 20 for run in RUNS)
    assert len({run.name for run in RUNS}) == len(RUNS)


@pytest.mark.parametrize("run", [run for run in RUNS if not run.outside], ids=lambda run: run.name)
def test_predicted_over_published_is_within_a_factor_of_two(run):
    assert 0.5 <= run.ratio <= 2


@pytest.mark.parametrize("run", [run for run in RUNS if run.outside], ids=lambda run: run.name)
def test_a_run_that_is_said_to_be_outside_is(run):
    assert run.ratio is None or not 0.5 <= run.ratio <= 2


def test_the_constants_lean_to_neither_side():
    ratios = sorted(run.ratio for run in RUNS if run.ratio and not run.outside)
    assert 0.7 <= ratios[len(ratios) // 2] <= 1.4
