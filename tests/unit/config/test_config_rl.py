"""Options of RL that would have no effect, or another than their name says, are errors; schedules are checked."""

import json

import pytest
from pydantic import ValidationError

from openqwq.config.train import GrpoConfig

BASE = {"steps": 8, "optimizer": {"learning_rate": 1e-5}, "domains": {"math": {"rewards": {"accuracy": 1.0}}}}
OVERLONG = {"domains": {"math": {"rewards": {"accuracy": 1.0, "overlong": 0.5}}}}


def parsed(**changes):
    return GrpoConfig.model_validate_json(json.dumps(BASE | changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"loss": "cispo"}, "cispo is dapo"),
        ({"clip_high": 0.28}, "clip_high: with one update"),
        ({"clip_low": 0.2, "clip_high": 0.28}, "clip_low and clip_high: with one update"),
        ({"loss": "cispo", "updates": 2, "clip_low": 0.2}, "cispo has no lower bound"),
        ({"loss": "dr_grpo"}, "defined without the group's deviation"),
        ({"loss": "gspo", "kl": 0.001}, "gspo weighs whole sequences"),
        ({"mismatch_correction": "none", "mismatch_cap": 3.0}, "no correction to cap"),
        ({"mismatch_cap": 0.5}, "mismatch_cap"),
        ({"overlong_buffer": 16}, "no domain has the reward overlong"),
        (OVERLONG, "needs overlong_buffer"),
        (OVERLONG | {"overlong_buffer": 128}, "not below sampling.max_tokens 128"),
        (
            OVERLONG | {"overlong_buffer": 64, "sampling": {"max_tokens": [{"from_step": 1, "max_tokens": 32}]}},
            "not below sampling.max_tokens 32",
        ),
        (OVERLONG | {"overlong_buffer": 16, "truncated": "mask"}, "choose one of them"),
        ({"micro_batch_size": 8, "micro_batch_tokens": 512}, "give one of them"),
        ({"updates": 3}, "steps 8 is not a multiple of updates 3"),
        ({"steps": 9, "updates": 3}, "groups 8 is not a multiple of updates 3"),
        ({"loss": "ppo"}, "loss"),
        ({"sampling": {"temperature": 0.0}}, "temperature"),
        ({"sampling": {"top_k": 20}}, "top_k: RL samples from the whole distribution"),
        ({"sampling": {"temperature": []}}, "temperature"),
        ({"sampling": {"max_tokens": [{"from_step": 2, "max_tokens": 8}]}}, "begin with 1"),
        ({"sampling": {"max_tokens": [{"from_step": 1, "max_tokens": 8}, {"from_step": 1, "max_tokens": 9}]}}, "to rise"),
        (
            {"sampling": {"temperature": [{"from_step": 1, "temperature": 1}, {"from_step": 9, "temperature": 2}]}},
            "past the last",
        ),
        ({"sampling": {"temperature": [{"from_step": 1, "max_tokens": 8}]}}, "temperature"),
    ],
)
def test_what_would_be_ignored_is_an_error(changes, named):
    with pytest.raises(ValidationError, match=named):
        parsed(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "cispo", "updates": 2, "clip_high": 4.0},
        {"loss": "gspo", "updates": 4},
        {"loss": "gspo"},
        {"loss": "dr_grpo", "kl": 0.001, "scale_rewards": "none"},
        {"clip_low": 0.2, "clip_high": 0.28, "updates": 2},
        {"mismatch_cap": 3.0},
        OVERLONG | {"overlong_buffer": 16},
        {"truncated": "mask"},
        {"micro_batch_tokens": 512},
        {"sampling": {"temperature": [{"from_step": 1, "temperature": 1.0}, {"from_step": 8, "temperature": 1.2}]}},
    ],
)
def test_what_has_an_effect_is_taken_and_survives_its_own_record(changes):
    config = parsed(**changes)
    assert GrpoConfig.model_validate_json(config.model_dump_json()) == config
