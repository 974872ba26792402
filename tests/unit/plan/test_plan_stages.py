"""Stages of the shipped configurations, on GPUs and on a CPU."""

import pytest
from plan_helpers import config

from openqwq.config.evaluate import CONVERSATIONS
from openqwq.errors import UserError
from openqwq.plan.amounts import PROBLEMS
from openqwq.plan.run_plan import plan, require_fitting
from openqwq.plan.table import text


def stage(made, name):
    return next(one for one in made.stages if one.name == name)


def test_the_cluster_s_configuration_fits_four_nodes():
    made = plan(config())
    require_fitting(made)
    assert [one.name for one in made.stages] == ["coldstart", "profile", "reason", "reward_model", "general", "evaluate"]
    reason = stage(made, "reason")
    assert (reason.nodes, reason.gpus) == (4, 32)
    assert 12 * reason.parameters / 32 == pytest.approx(sum(reason.memory["training"][key] for key in ("weights", "optimizer")))
    assert reason.gpu_hours == pytest.approx(32 * reason.hours)
    assert all(one.hours and one.tokens and one.flops and one.limit for one in made.stages)


@pytest.mark.parametrize("nodes", [1, 2])
def test_a_32b_policy_does_not_train_on_fewer_nodes_and_the_error_says_what_to_change(nodes):
    with pytest.raises(UserError) as error:
        require_fitting(plan(config(hardware__nodes={"reason": nodes, "coldstart": 4, "reward_model": 4, "general": 4})))
    assert "reason: training" in str(error.value)
    assert "hardware.nodes.reason" in str(error.value)
    assert "general" not in str(error.value)


def test_an_engine_that_cannot_hold_one_completion_is_an_error():
    with pytest.raises(UserError, match=r"keys and values.*tensor_parallel_size"):
        require_fitting(plan(config(execution__vllm={"tensor_parallel_size": 1, "gpu_memory_utilization": 0.9})))


def test_what_the_sampler_keeps_while_the_policy_trains():
    asleep, vllm = stage(plan(config()), "reason"), {"tensor_parallel_size": 8, "gpu_memory_utilization": 0.5}
    awake = stage(plan(config(execution__vllm=vllm | {"sleep": False})), "reason")
    assert awake.memory["training"]["engine, awake"] == pytest.approx(40e9)
    assert awake.problems
    assert not asleep.problems
    whole = stage(plan(config(execution__engine="transformers", execution__vllm=None)), "reason")
    assert whole.memory["training"]["sampler's weights"] == pytest.approx(2 * whole.parameters)
    assert whole.problems


def test_a_server_samples_on_gpus_of_its_own():
    small = {"base_model__id": "Qwen/Qwen2.5-1.5B", "execution__processes": 1, "hardware__nodes": {}}
    vllm = {"mode": "server", "tensor_parallel_size": 2, "gpu_memory_utilization": 0.9}
    made = stage(plan(config(**small, execution__vllm=vllm)), "reason")
    assert made.gpus == 3
    assert "weights" not in made.memory["sampling"]
    assert made.memory["sampling"]["engine's weights"] == pytest.approx(made.parameters)


def test_a_batch_that_the_processes_cannot_share_is_an_error():
    with pytest.raises(UserError, match="coldstart: a batch of 128 rows cannot be divided among 32 processes"):
        require_fitting(plan(config(coldstart__micro_batch_size=8)))


@pytest.mark.parametrize(
    ("change", "stage_name", "what"),
    [
        ({"reason__steps": 3200, "reason__sampling": {"temperature": 1.0, "max_tokens": 8192}}, "reason", "hours"),
        ({"plan__completion_share": 0.8}, "reason", "tokens"),
        ({"plan__live_share": 0.3}, "reason", "hours"),
        ({"hardware__gpu": "A100"}, "reason", "hours"),
        ({"profile__samples": 64}, "profile", "hours"),
        ({"evaluate__held_out_samples": 40}, "evaluate", "hours"),
        ({"plan__rows": {"preferences": 700000}}, "reward_model", "hours"),
        ({"reason__kl": 0.001}, "reason", "peak"),
        ({"reason__gradient_checkpointing": False}, "reason", "peak"),
    ],
)
def test_more_work_or_less_machine_takes_more(change, stage_name, what):
    def of(made):
        return getattr(stage(made, stage_name), what)

    usual = config(reason__sampling={"temperature": 1.0, "max_tokens": 8192}) if "reason__sampling" in change else config()
    assert of(plan(config(**change))) > 1.05 * of(plan(usual))


def test_more_nodes_take_less_time_and_no_fewer_gpu_hours():
    four, eight = plan(config()), plan(config(hardware__nodes={"reason": 8, "coldstart": 4, "reward_model": 4, "general": 4}))
    assert stage(eight, "reason").hours < stage(four, "reason").hours
    assert stage(eight, "reason").gpu_hours > stage(four, "reason").gpu_hours


def test_evaluation_in_more_jobs_takes_less_time():
    four, eight = plan(config(execution__evaluate_shards=4)), plan(config(execution__evaluate_shards=8))
    assert stage(eight, "evaluate").hours < stage(four, "evaluate").hours
    assert (stage(eight, "evaluate").nodes, stage(eight, "evaluate").gpus) == (8, 64)


def test_benchmarks_whose_size_is_fixed_are_counted_and_others_are_a_note():
    assert set(CONVERSATIONS) <= set(PROBLEMS)
    gate = {"benchmarks": ["math"], "margin": 0.03}
    none, four = (config(benchmarks=[{"name": name} for name in names], evaluate__gate=gate) for names in ((), CONVERSATIONS))
    more = stage(plan(four), "evaluate").completions - stage(plan(none), "evaluate").completions
    assert more == 4 * 4 * 200  # of four checkpoints
    last = config(benchmarks=[{"name": name, "stages": ["general"]} for name in CONVERSATIONS], evaluate__gate=gate)
    assert stage(plan(last), "evaluate").completions - stage(plan(none), "evaluate").completions == more / 4
    made = plan(config(benchmarks=[{"name": "livecodebench_v6", "path": "x.jsonl"}], evaluate__gate=gate))
    assert stage(made, "evaluate").hours is None
    assert "give its limit" in text(made)


def test_rows_that_nobody_knows_are_a_note_and_no_guess():
    made = plan(config(plan__rows={}))
    reward_model = stage(made, "reward_model")
    assert reward_model.hours is None
    assert "plan.rows.preferences" in text(made)
    require_fitting(made)


def test_a_model_that_nobody_knows_stops_nothing():
    made = plan(config(base_model__id="somebody/model"))
    assert made.stages == []
    assert "somebody/model" in text(made)
    require_fitting(made)


def test_gpus_by_figures_and_figures_that_are_half_given():
    by_name = plan(config())
    figures = {"memory_gb": 80.0, "tflops": 989.0, "bandwidth_gb": 3350.0, "gpus_per_node": 8}
    nodes = dict.fromkeys(("coldstart", "reason", "reward_model", "general"), 4)
    by_figures = plan(config(hardware={**figures, "nodes": nodes}))
    assert stage(by_figures, "profile").hours == pytest.approx(stage(by_name, "profile").hours)
    with pytest.raises(UserError, match="memory_gb, tflops and bandwidth_gb"):
        config(hardware={"tflops": 989.0})
    with pytest.raises(UserError, match="gpus_per_node"):
        config(hardware__gpus_per_node=4)


def test_the_demo_is_planned_for_a_cpu():
    made = plan(config("demo"))
    assert made.gpu is None
    assert all(one.gpus == 0 and one.hours is None and 1e9 < one.peak < 13e9 for one in made.stages)
    require_fitting(made)
    with pytest.raises(UserError, match=r"coldstart: .*micro_batch_size"):
        require_fitting(plan(config("demo", hardware={"memory_gb": 4.0})))
    shorter = plan(config("demo", plan={"longest_tokens": {"coldstart": 128}}))
    assert stage(shorter, "coldstart").peak < stage(made, "coldstart").peak


def test_the_table_names_assumptions_and_what_takes_the_memory():
    shown = text(plan(config()))
    for words in ("GPU-hours", "keys and values", "of the peak: 55%", "40% of the longest allowed", "H100"):
        assert words in shown
    assert max(len(line) for line in shown.splitlines()) < 200
