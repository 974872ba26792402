"""Every shipped configuration validates; every slip is named by its key."""

import copy
from pathlib import Path

import pytest
import yaml

from openqwq.config import load, load_file
from openqwq.errors import UserError

ROOT = Path(__file__).resolve().parents[3]
TINY = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())


def changed(path, value):
    config = copy.deepcopy(TINY)
    *parents, last = path
    node = config
    for key in parents:
        node = node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return config


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("*.yaml")), ids=lambda p: p.name)
def test_shipped_configurations_validate(path):
    assert load_file(path).run == path.stem


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (["sed"], 1, "unknown key 'sed'"),
        (["coldstart", "epoch"], 1, r"unknown key 'coldstart\.epoch'"),
        (["seed"], "1", "seed: "),
        (["coldstart", "optimizer", "learning_rate"], "fast", r"coldstart\.optimizer\.learning_rate"),
        (["coldstart", "optimizer"], None, r"'coldstart\.optimizer' is missing"),
        (["run"], "a b", "run: "),
        (["run"], "../../etc", "run: "),
        (["coldstart", "batch_size"], 33, "not a multiple of micro_batch_size"),
        (["reason", "sampling", "top_p"], 0.9, "top_p: RL samples from the whole distribution"),
        (["reason", "pass_rate"], [0.9, 0.1], "the lower end is above the upper"),
        (["reason", "domains", "math", "rewards"], {"reward_model": 1.0}, "trains on verifiers only"),
        (["reason", "domains", "poetry"], {"weight": 1.0}, "poetry"),
        (["evaluate", "gate", "benchmarks"], ["gsm8k"], "'gsm8k' is not evaluated"),
        (["benchmarks"], [{"name": "gsm8k", "stages": ["reward_model"]}], "reward_model"),
        (["benchmarks"], [{"name": "gsm8k", "stages": []}], "stages"),
        (["benchmarks"], [{"name": "gsm8k", "temperature": -1}], r"benchmarks\.0\.temperature"),
        (["benchmarks"], [{"name": "gsm8k", "temperature": 0, "top_k": 5}], r"benchmarks\.0 \(gsm8k\): top_p and top_k: temp"),
        (["benchmarks"], [{"name": "gsm8k", "temperature": 0, "samples": 4}], r"gsm8k\): samples: temperature 0 .* same"),
        (["evaluate", "sampling"], {"temperature": 0}, "held_out_samples: temperature 0 gives the same"),
        (["base_model"], {"type": "hub", "id": "a/b", "revision": "main"}, "revision"),
        (["execution", "saving"], {"keep": 1}, "keep"),
        (["curate", "sources"], [], "curate.sources"),
        (["reward_model", "verdict_pairs"], {"domains": ["tool"]}, r"verdict_pairs\.domains: tool is not profiled"),
        (["reward_model", "verdict_pairs"], {"domains": ["math"], "held_out": 1.0}, "held_out"),
        (["reward_model", "margin"], 1.0, r"reward_model\.margin: no source of preferences maps metadata\.margin"),
        (["general", "domains", "tool", "reward_model_gate"], "rules", "reward_model_gate: the domain's rewards do not name"),
        (["reason", "reward_model_clip"], 2.0, "reward_model_clip: no domain has the reward reward_model"),
        (["evaluate", "held_out_samples"], {"chat": 2}, r"held_out_samples\.chat: no problem of this domain is held out"),
        (["evaluate", "gate", "on_fail"], "ignore", "on_fail"),
        (["execution", "reward_service"], "localhost:80", "reward_service"),
        (["execution", "bounds"], {"watch_rules": 1.5}, "watch_rules"),
    ],
)
def test_a_slip_is_named(path, value, named):
    with pytest.raises(UserError, match=named) as error:
        load(changed(path, value), "my.yaml")
    assert str(error.value).startswith("my.yaml: ")
    assert "\n" not in str(error.value)


def test_a_service_that_no_reward_asks_is_refused():
    config = changed(["execution", "reward_service"], "unix:/run/reward.sock")
    assert load(config, "x").execution.reward_service == "unix:/run/reward.sock"
    config["general"]["domains"]["instruction"] = {"rewards": {"accuracy": 1.0}}
    del config["general"]["reward_model_clip"]
    with pytest.raises(UserError, match=r"execution\.reward_service: no domain of the stage general"):
        load(config, "x")


def test_a_gate_by_rules_needs_rules():
    config = copy.deepcopy(TINY)
    config["general"]["domains"]["chat"] = {"rewards": {"reward_model": 1.0}, "reward_model_gate": "rules"}
    chat = {"name": "talks", "type": "file", "role": "problems", "path": "x", "domain": "chat", "fields": {"prompt": "p"}}
    config["curate"]["sources"].append(chat)
    with pytest.raises(UserError, match=r"domains\.chat\.reward_model_gate: .* the source 'talks' has no verifier"):
        load(config, "x")


def test_a_margin_that_a_source_maps_is_taken():
    config = changed(["reward_model", "margin"], 0.5)
    fields = {"prompt": "p", "chosen": "c", "rejected": "r", "metadata.margin": "m"}
    rated = {"name": "rated", "type": "file", "role": "preferences", "path": "x", "domain": "chat", "fields": fields}
    config["curate"]["sources"].append(rated)
    assert load(config, "x").reward_model.margin == 0.5


def test_stages_of_a_benchmark_agree_with_what_is_evaluated():
    config = copy.deepcopy(TINY)
    config["benchmarks"] = [{"name": "gsm8k", "stages": ["base", "general"]}]
    assert [load(config, "x").benchmarks[0].is_of(stage) for stage in ("base", "reason")] == [True, False]
    config["evaluate"]["gate"]["benchmarks"] = ["gsm8k"]
    with pytest.raises(UserError, match=r"gsm8k\.stages leaves out reason, which the gate compares"):
        load(config, "x")
    config["evaluate"] |= {"stages": ["coldstart"]}
    with pytest.raises(UserError, match=r"gsm8k\.stages names none of evaluate\.stages"):
        load(config, "x")
    config = copy.deepcopy(TINY)
    config["benchmarks"] = [{"name": "gsm8k", "stages": ["base", "general"]}]
    config["curate"]["held_out"] = {}
    config["evaluate"]["held_out_samples"] = 1
    del config["evaluate"]["agents"]
    config["evaluate"]["gate"]["benchmarks"] = []
    with pytest.raises(UserError, match=r"evaluate\.stages: coldstart would be measured on nothing"):
        load(config, "x")


def test_two_sources_of_one_name_are_refused():
    config = copy.deepcopy(TINY)
    config["curate"]["sources"].append(config["curate"]["sources"][0])
    with pytest.raises(UserError, match="two sources are named 'sums'"):
        load(config, "my.yaml")


def test_scientific_notation_without_a_point_is_a_number():
    config = yaml.safe_load(yaml.safe_dump(TINY) + "\n")
    config["reason"]["optimizer"]["learning_rate"] = yaml.safe_load("1e-5")  # text, to a YAML 1.1 reader
    assert load(config, "x").reason.optimizer.learning_rate == 1e-5


@pytest.mark.parametrize(("text", "named"), [("a: [", "not readable as YAML"), ("- 1", "a mapping"), (None, "no such file")])
def test_a_file_that_is_no_configuration_is_named(tmp_path, text, named):
    path = tmp_path / "x.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=named):
        load_file(path)
