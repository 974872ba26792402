"""Options of RL that would have no effect, or another than their name says, are errors; schedules are checked."""

import json

import pytest
import yaml
from pydantic import ValidationError

from openqwq.config import load
from openqwq.config.traces import SampleTracesConfig
from openqwq.config.train import GrpoConfig, ProfileConfig, Sampling
from openqwq.environment import ROOT
from openqwq.errors import UserError

BASE = {"steps": 8, "optimizer": {"learning_rate": 1e-5}, "domains": {"math": {"rewards": {"accuracy": 1.0}}}}
AGENT = {"domains": {"agent": {"rewards": {"accuracy": 1.0}}}}
OVERLONG = {"domains": {"math": {"rewards": {"accuracy": 1.0, "overlong": 0.5}}}}
TWO_LENGTHS = {"max_tokens": [{"from_step": 1, "max_tokens": 8}, {"from_step": 6, "max_tokens": 16}]}
STAGES_WITHIN_A_BATCH = [{"from_step": step, "temperature": 1 + step / 10} for step in (1, 2, 5)]


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
        ({"agents": {}}, "agents: bounds of episodes have no effect without domains.agent"),
        (AGENT | {"agents": {"max_context_tokens": 128}}, "a turn may have 128 tokens"),
        (AGENT | {"agents": {"max_turns": 0}}, "agents.max_turns"),
        (AGENT | {"agents": {"turns": 3}}, "agents.turns"),
        ({"domains": {"agent": {"rewards": {"accuracy": 1.0, "reward_model": 0.5}}}}, "no reward_model here"),
        ({"domains": {"agent": {"rewards": {"overlong": 0.5}}}, "overlong_buffer": 16}, "no overlong here"),
        ({"loss": "ppo"}, "loss"),
        ({"interpolation": 0.0}, "interpolation"),
        ({"interpolation": 1.5}, "interpolation"),
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
        # A batch of rollouts that serves several steps has the settings of the first of them.
        ({"updates": 4, "sampling": TWO_LENGTHS}, r"from_step 6 would never be used, .* at steps 1, 5, …"),
        ({"updates": 4, "sampling": {"temperature": STAGES_WITHIN_A_BATCH}}, "from_step 2 would never be used"),
        ({"oversample": 1.5, "max_generated": 1.0}, "oversample 1.5: max_generated 1.0 leaves no group"),
        ({"oversample": 1.5, "max_generated": 1.1}, "oversample 1.5: max_generated 1.1 leaves no group"),
        ({"optimizer": {"learning_rate": 1e-5, "scheduler": "constant", "warmup_steps": 2}}, "constant has no warm-up"),
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
        {"updates": 2, "sampling": TWO_LENGTHS},
        {"oversample": 1.5},
        {"oversample": 1.5, "max_generated": 1.125},
        {"optimizer": {"learning_rate": 1e-5, "scheduler": "constant_with_warmup", "warmup_steps": 2}},
        {"sampling": {"temperature": [{"from_step": 1, "temperature": 1.0}, {"from_step": 8, "temperature": 1.2}]}},
    ],
)
def test_what_has_an_effect_is_taken_and_survives_its_own_record(changes):
    config = parsed(**changes)
    assert GrpoConfig.model_validate_json(config.model_dump_json()) == config


def test_a_stage_with_agents_has_their_bounds_written_down():
    assert parsed().agents is None
    assert parsed(**AGENT).agents.max_turns == 8
    assert parsed(**AGENT, agents={"max_turns": 3}).agents.model_dump() == {
        "max_turns": 3,
        "max_context_tokens": 4096,
        "tool_seconds": 10.0,
        "max_feedback_characters": 2000,
    }
    again = GrpoConfig.model_validate_json(parsed(**AGENT).model_dump_json())
    assert again == parsed(**AGENT)


def test_profile_and_evaluation_have_bounds_where_they_have_agents():
    profile = {"problems": {"agent": 4}}
    assert ProfileConfig.model_validate_json(json.dumps(profile)).agents.max_turns == 8
    with pytest.raises(ValidationError, match=r"without problems\.agent"):
        ProfileConfig.model_validate_json(json.dumps({"problems": {"math": 4}, "agents": {}}))
    tiny = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text(encoding="utf-8"))
    assert load(tiny, "tiny").evaluate.agents.max_turns == 3
    del tiny["evaluate"]["agents"]
    assert load(tiny, "tiny").evaluate.agents.max_turns == 8
    tiny["curate"]["held_out"]["agent"] = 0
    assert load(tiny, "tiny").evaluate.agents is None
    tiny["evaluate"]["agents"] = {"max_turns": 3}
    with pytest.raises(UserError, match=r"evaluate\.agents: bounds of episodes have no effect without curate\.held_out\.agent"):
        load(tiny, "tiny")
    tiny["benchmarks"].append({"name": "bfcl_multi_turn_base", "max_tokens": 512})
    assert load(tiny, "tiny").evaluate.agents.max_turns == 3
    tiny["evaluate"]["agents"] = {"max_context_tokens": 512}
    with pytest.raises(UserError, match=r"evaluate\.agents\.max_context_tokens 512: a turn may have 512 tokens"):
        load(tiny, "tiny")


def test_traces_are_not_sampled_of_agent_problems():
    with pytest.raises(ValidationError, match="single completions"):
        SampleTracesConfig.model_validate_json(json.dumps({"problems": {"agent": 4}}))


def test_a_source_for_evaluation_holds_problems():
    tiny = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text(encoding="utf-8"))
    tiny["curate"]["sources"][-1]["held_out"] = True
    with pytest.raises(UserError, match="source preferences: only problems are held out"):
        load(tiny, "tiny")


@pytest.mark.parametrize("cut", [{"top_p": 0.9}, {"top_k": 20}])
def test_greedy_sampling_takes_no_cut(cut):
    Sampling(temperature=0.1, **cut)
    with pytest.raises(ValidationError, match="temperature 0 takes the likeliest token"):
        Sampling(temperature=0.0, **cut)


def test_a_window_of_pass_rates_that_nobody_measures_is_an_error():
    tiny = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text(encoding="utf-8"))
    load(tiny, "tiny.yaml")
    tiny["general"]["pass_rate"] = [0.2, 0.8]
    load(tiny, "tiny.yaml")
    del tiny["profile"]["problems"]["math"]
    tiny["profile"]["problems"]["code"] = 4
    tiny["general"]["domains"] = {"chat": {"rewards": {"reward_model": 1.0}}}
    tiny["general"]["agents"] = None
    with pytest.raises(UserError, match=r"general\.pass_rate: none of the stage's domains is in profile.problems"):
        load(tiny, "tiny.yaml")
    tiny["general"] |= {"pass_rate": [0.1, 0.9], "unprofiled": True}
    with pytest.raises(UserError, match=r"general\.unprofiled: none of the stage's domains is in profile.problems"):
        load(tiny, "tiny.yaml")
