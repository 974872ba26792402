"""Length in the rewards, masking of cut completions, schedules, the entropy watch."""

import pytest
from train_step_helpers import configured

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import METRIC
from openqwq.config.rl import RlSampling
from openqwq.errors import StageFailure
from openqwq.train.advantages import advantages, is_live
from openqwq.train.entropy import hold_entropy
from openqwq.train.rewards import Judgement, Length, rewards_of
from openqwq.train.schedules import longest, sampling_at
from openqwq.verify.verdict import correct, incorrect, unscorable

WEIGHTS = {"accuracy": 1.0, "overlong": 0.5}


@pytest.mark.parametrize(
    ("tokens", "value"), [(1, 0.0), (80, 0.0), (81, -0.05), (90, -0.5), (99, -0.95), (100, -1.0), (101, -1.0)]
)
def test_overlong_falls_in_a_straight_line_within_its_buffer(tokens, value):
    values, total = rewards_of(Judgement("", correct(), None, Length(tokens, 100, 20)), WEIGHTS)
    assert values["overlong"] == pytest.approx(value)
    assert total == pytest.approx(1 + 0.5 * value)


def test_overlong_without_a_length_is_a_fault_and_an_unscorable_completion_has_none():
    with pytest.raises(ValueError, match="is not known"):
        rewards_of(Judgement("", correct(), None), WEIGHTS)
    with pytest.raises(ValueError, match="is not known"):
        rewards_of(Judgement("", correct(), None, Length(5, 100)), WEIGHTS)
    assert rewards_of(Judgement("", unscorable("x"), None, Length(100, 100, 20)), WEIGHTS) == ({}, None)


def test_a_cut_completion_is_masked_only_when_asked_and_keeps_its_rewards_by_name():
    cut = Judgement("", incorrect("no answer"), None, Length(100, 100, None, cut=True))
    assert rewards_of(cut, {"accuracy": 1.0}) == ({"accuracy": 0.0}, 0.0)
    assert rewards_of(cut, {"accuracy": 1.0}, mask_cut=True) == ({"accuracy": 0.0}, None)
    whole = Judgement("", correct(), None, Length(100, 100, None))
    assert rewards_of(whole, {"accuracy": 1.0}, mask_cut=True) == ({"accuracy": 1.0}, 1.0)


def test_a_masked_completion_does_not_enter_its_groups_mean():
    assert advantages([None, 1.0, 0.0], scale=False) == [None, 0.5, -0.5]
    assert not is_live([None, 1.0, 1.0])


STAGES = RlSampling.model_validate(
    {
        "temperature": [{"from_step": 1, "temperature": 1.0}, {"from_step": 3, "temperature": 1.2}],
        "max_tokens": [{"from_step": 1, "max_tokens": 8}, {"from_step": 4, "max_tokens": 32}, {"from_step": 6, "max_tokens": 16}],
    }
)


@pytest.mark.parametrize(
    ("step", "temperature", "tokens"),
    [(1, 1.0, 8), (2, 1.0, 8), (3, 1.2, 8), (4, 1.2, 32), (5, 1.2, 32), (6, 1.2, 16), (99, 1.2, 16)],
)
def test_a_stage_holds_from_its_step_on(step, temperature, tokens):
    at = sampling_at(STAGES, step)
    assert (at.temperature, at.max_tokens, at.top_p, at.top_k) == (temperature, tokens, 1.0, 0)


def test_single_values_hold_always_and_the_longest_is_known():
    assert sampling_at(RlSampling(temperature=0.9, max_tokens=7), 5).max_tokens == 7
    assert longest(configured(sampling={"max_tokens": 7})) == 7
    stages = {"steps": 6, "updates": 1, "sampling": STAGES.model_dump()}
    assert longest(configured(**stages)) == 32
    agent = {"domains": {"agent": {"rewards": {"accuracy": 1.0}}}}
    assert longest(configured(**stages, **agent, agents={"max_turns": 3})) == 96
    assert longest(configured(**stages, **agent, agents={"max_turns": 9, "max_context_tokens": 200})) == 200


def curve(path, values):
    rows = [{"step": i, "name": "entropy", "value": v, "seconds": 0.0} for i, v in enumerate(values, 1)]
    write_table(path, [*rows, {"step": 1, "name": "loss", "value": 0.0, "seconds": 0.0}], METRIC)


def test_the_entropy_watch_looks_at_the_mean_of_the_last_five_steps(tmp_path):
    path = tmp_path / "metrics.parquet"
    hold_entropy(path, 9, 0.5)  # nothing written yet
    curve(path, [1.0, 0.4, 0.4, 0.4, 0.4, 0.4, 0.9])
    hold_entropy(path, 5, 0.5)
    with pytest.raises(StageFailure, match=r"steps 2 to 6: the policy's mean entropy is 0\.4 nats") as error:
        hold_entropy(path, 6, 0.5)
    assert "execution.bounds.entropy wants 0.5" in str(error.value)
    hold_entropy(path, 7, 0.5)
    hold_entropy(path, 4, 0.5)  # fewer than five
    hold_entropy(path, 6, 0.0)
