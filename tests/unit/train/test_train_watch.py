"""The over-optimisation watch on stored rollouts: of a policy that gets better, and of ones that only please."""

import json
import random

import pytest

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.config import Bounds
from openqwq.errors import StageFailure
from openqwq.train import watch

STEPS = 10


def rollout(problem, step, sample, score, reward_model, tokens, domain="instruction"):
    return {
        "problem_id": problem,
        "domain": domain,
        "sample": sample,
        "prompt": "q",
        "text": "a",
        "tokens": tokens,
        "finish_reason": "stop",
        "verifier": None if score is None else "instructions",
        "reference": None,
        "verdict": None if score is None else "correct" if score == 1 else "incorrect",
        "score": score,
        "reason": "",
        "rewards": [],
        "seconds": 0.0,
        "step": step,
        "reward": None,
        "reward_model": reward_model,
    }


def store(folder, of, steps=STEPS, groups=8, seed=1, stride=1):
    """`of(progress, draw)` gives rules' score, reward model's score and tokens of one completion; progress runs from 0 to 1."""
    draw = random.Random(seed)
    for number in range(steps):
        step = 1 + number * stride
        rows = [
            rollout(f"p{step}.{group}", step, sample, *of(number / (steps - 1), draw))
            for group in range(groups)
            for sample in range(8)
        ]
        write_table(folder / f"step-{step:05d}.parquet", rows, ROLLOUT)


def better(progress, draw):
    score = float(draw.random() < 0.3 + 0.4 * progress)
    return score, 0.3 + 0.3 * progress + draw.gauss(0, 0.1), draw.randint(20, 60)


def pleasing(progress, draw):
    score = float(draw.random() < 0.7 - 0.5 * progress)
    return score, 0.3 + 0.4 * progress + draw.gauss(0, 0.1), draw.randint(20, 60)


def wordy(progress, draw):
    tokens = draw.randint(20, 40) * (1 + round(4 * progress))
    return None, min(1.0, 0.2 + tokens / 250 + draw.gauss(0, 0.02)), tokens


def longer_and_better(progress, draw):
    """Length grows, but within a group the longer is not the one that pleases."""
    return None, 0.3 + 0.3 * progress + draw.gauss(0, 0.1), draw.randint(20, 40) * (1 + round(4 * progress))


def test_a_policy_that_gets_better_is_let_alone(tmp_path):
    store(tmp_path, better)
    for step in range(1, STEPS + 1):
        figures = watch.recent(tmp_path, step, Bounds(watch_rules=0.0))
    assert figures["watch/reward_model_change"] == pytest.approx(0.3, abs=0.08)
    assert figures["watch/rules_change"] == pytest.approx(0.4, abs=0.15)
    assert abs(figures["watch/length_taste"]) < 0.25
    assert figures["watch/reward_model"] > 0.5


def test_a_policy_that_pleases_while_the_rules_fall_is_stopped_by_what_was_seen(tmp_path):
    store(tmp_path, pleasing)
    with pytest.raises(
        StageFailure, match=r"steps 1 to 10: the reward model's mean score rose by 0\.\d\d while the rules' score"
    ) as told:
        watch.recent(tmp_path, STEPS, Bounds())
    assert "execution.bounds.watch_rules allows 0.1" in str(told.value)
    assert "reward_model_gate: rules" in str(told.value)
    assert "p10." in str(told.value)
    assert watch.recent(tmp_path, STEPS, Bounds(watch_rules=1.0))["watch/rules_change"] < -0.3


def test_a_policy_that_learns_length_is_stopped_and_one_that_grows_for_other_reasons_is_not(tmp_path):
    store(tmp_path / "wordy", wordy)
    with pytest.raises(
        StageFailure, match=r"completions grew by \d+% .* the longer of a group please it more .*watch_length allows 50%"
    ):
        watch.recent(tmp_path / "wordy", STEPS, Bounds())
    assert watch.recent(tmp_path / "wordy", STEPS, Bounds(watch_length=100.0))["watch/length_taste"] > 0.5
    store(tmp_path / "other", longer_and_better)
    assert watch.recent(tmp_path / "other", STEPS, Bounds())["watch/length_growth"] > 1


def test_chance_alone_stops_nothing(tmp_path):
    for seed in range(20):
        folder = tmp_path / str(seed)
        store(folder, lambda _, draw: (float(draw.random() < 0.5), draw.random(), draw.randint(10, 90)), groups=4, seed=seed)
        watch.recent(folder, STEPS, Bounds())


def test_another_mixture_of_domains_is_no_change(tmp_path):
    """Hard problems of one domain take the place of easy ones of another: within each nothing has changed."""
    draw = random.Random(1)
    for step in range(1, STEPS + 1):
        rows = []
        for group in range(10):
            hard = group < step  # ever more of them
            level = (0.2, 0.8) if hard else (0.8, 0.2)
            rows += [
                rollout(f"p{step}.{group}", step, s, float(draw.random() < level[0]), level[1] + draw.gauss(0, 0.05), 30,
                        "tool" if hard else "instruction")
                for s in range(8)
            ]  # fmt: skip
        write_table(tmp_path / f"step-{step:05d}.parquet", rows, ROLLOUT)
    figures = watch.recent(tmp_path, STEPS, Bounds())
    assert abs(figures["watch/reward_model_change"]) < 0.05


def test_the_figures_depend_on_what_is_stored_up_to_the_step_alone(tmp_path):
    """Also where a batch serves several steps, and where tables of later steps are still there."""
    store(tmp_path, better, steps=14, stride=2)
    later = watch.recent(tmp_path, 19, Bounds())
    for step in (21, 23, 25, 27):
        (tmp_path / f"step-{step:05d}.parquet").unlink()
    assert watch.recent(tmp_path, 19, Bounds()) == later
    (tmp_path / "step-00001.parquet").unlink()  # a window of ten begins with the first
    assert watch.recent(tmp_path, 19, Bounds()) != later
    assert "watch/rules_change" not in watch.recent(tmp_path, 9, Bounds())


def test_without_a_reward_model_there_is_nothing_to_watch(tmp_path):
    row = rollout("p", 1, 0, 1.0, None, 5) | {"reference": json.dumps({})}
    write_table(tmp_path / "step-00001.parquet", [row], ROLLOUT)
    assert watch.recent(tmp_path, 1, Bounds()) == {}


def test_few_steps_and_single_completions_are_told_without_a_change(tmp_path):
    write_table(tmp_path / "step-00001.parquet", [rollout("p", 1, 0, 1.0, 0.5, 5)], ROLLOUT)
    assert watch.recent(tmp_path, 1, Bounds()) == {"watch/reward_model": 0.5, "watch/rules": 1.0}
