"""`auto`: bfloat16 where the hardware multiplies in it; decided once for a run, before anything is made."""

import json
from pathlib import Path

import pytest
import torch

from openqwq import precision
from openqwq.cli import main
from openqwq.config import load_file
from openqwq.config.train import GrpoConfig
from openqwq.errors import UserError
from openqwq.plan.run_plan import plan
from openqwq.stage import Stage
from openqwq.train import grpo, profile, reward_model, sft

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {"optimizer": {"learning_rate": 1e-5}}
RL = SETTINGS | {"steps": 1, "sampling": {"max_tokens": 8}, "domains": {"math": {"rewards": {"accuracy": 1.0}}}}
STAGES = {
    "sft": (sft, ["sft", "--model", "m", "--curated", "c"], SETTINGS),
    "reward-model": (reward_model, ["reward-model", "--model", "m", "--curated", "c"], SETTINGS),
    "grpo": (grpo, ["grpo", "--stage", "reason", "--model", "m", "--curated", "c", "--profile", "p"], RL),
}


@pytest.fixture
def machine(monkeypatch):
    """`machine(True)`: a processor with one of the instructions; `machine(False)`: one without."""

    def becomes(has: bool) -> None:
        told = dict.fromkeys(precision.INSTRUCTIONS, False) | {precision.INSTRUCTIONS[1]: has, "avx512_f": True}
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: told)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        precision.of_machine.cache_clear()

    yield becomes
    precision.of_machine.cache_clear()


@pytest.mark.parametrize("has", [True, False])
def test_auto_follows_the_processor_and_all_else_stays(machine, has):
    machine(has)
    assert precision.settle("auto") == ("bfloat16" if has else "float32")
    assert precision.settle("auto", otherwise="none") == ("bfloat16" if has else "none")
    assert precision.settle("bfloat16") == "bfloat16"
    assert precision.settle("none", otherwise="none") == "none"


def test_a_gpu_computes_in_bfloat16(machine, monkeypatch):
    machine(False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert precision.settle("auto") == "bfloat16"


def test_the_first_machine_decides_for_the_run(machine, tmp_path):
    machine(False)
    assert precision.settle("auto", state_root=tmp_path / "state") == "float32"
    machine(True)
    assert precision.settle("auto", state_root=tmp_path / "state") == "float32"
    assert precision.settle("auto", state_root=tmp_path / "other") == "bfloat16"
    assert [path.name for path in (tmp_path / "state").iterdir()] == [precision.FILE]


def test_a_damaged_note_is_named(tmp_path):
    (tmp_path / precision.FILE).write_text("float16\n")
    with pytest.raises(UserError, match=r"precision: 'float16' is no precision. Write bfloat16 or float32"):
        precision.settle("auto", state_root=tmp_path)
    assert precision.settle("float32", state_root=tmp_path) == "float32"


def stage_of(command: str, folder, monkeypatch, changes=None, execution="{}") -> Stage:
    """The stage that a command makes, with its body left out."""
    module, words, config = STAGES[command]
    for name in ("m", "c/traces", "c/preferences", "c/problems", "p"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for file in ("c/problems/train.parquet", "p/profile.parquet"):
        (folder / file).touch()
    monkeypatch.chdir(folder)
    made = []
    monkeypatch.setattr(module, "run", lambda stage, *rest: made.append((stage, rest[0], rest[-1])))
    common = ["--config", json.dumps(config | (changes or {})), "--state", "state", "--out", "out", "--execution", execution]
    assert main([*words, *common]) == 0
    stage, parsed, told = made[0]
    assert (stage.config["autocast"], stage.execution["generation_dtype"]) == (parsed.autocast, told.generation_dtype)
    return stage


@pytest.mark.parametrize("command", STAGES)
def test_a_stage_knows_what_it_computes_in_before_its_fingerprint_is_made(command, machine, tmp_path, monkeypatch):
    made = {}
    for has in (True, False):
        machine(has)
        stage = stage_of(command, tmp_path / str(has), monkeypatch)
        made[stage.config["autocast"]] = stage.fingerprint
        assert stage.execution["generation_dtype"] == ("bfloat16" if has else "float32")
    assert made.keys() == {"bfloat16", "none"}
    assert made["bfloat16"] != made["none"]
    written = stage_of(
        command, tmp_path / "written", monkeypatch, {"autocast": "bfloat16"}, json.dumps({"generation_dtype": "bfloat16"})
    )
    assert written.fingerprint == made["bfloat16"]
    assert not (tmp_path / "written" / "state" / precision.FILE).exists()


def test_a_profile_is_drawn_as_the_run_computes(machine, tmp_path, monkeypatch):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / precision.FILE).write_text("float32\n")
    machine(True)
    (tmp_path / "c" / "problems").mkdir(parents=True)
    (tmp_path / "c" / "problems" / "train.parquet").touch()
    (tmp_path / "m").mkdir()
    monkeypatch.chdir(tmp_path)
    made = []
    monkeypatch.setattr(profile, "run", lambda stage, *rest: made.append((stage.execution, rest[-1])))
    config = json.dumps({"samples": 2, "problems": {"math": 2}, "sampling": {"max_tokens": 8}})
    words = ["profile", "--config", config, "--model", "m", "--curated", "c", "--out", "out", "--state", "state"]
    assert main(words) == 0
    recorded, used = made[0]
    assert recorded["generation_dtype"] == used.generation_dtype == "float32"


def test_autocast_reaches_the_trainer(machine, tmp_path):
    from openqwq.config import Execution
    from openqwq.train.grpo_arguments import trl_arguments

    stage = Stage("reason", config={}, inputs={}, state_root=tmp_path, seed=1, recipe_version=1)
    for has in (True, False):
        machine(has)
        for autocast, expected in (("auto", has), ("none", False), ("bfloat16", True)):
            config = GrpoConfig.model_validate(RL | {"autocast": autocast})
            assert trl_arguments(stage, config, Execution()).bf16 == expected


def test_a_plan_for_a_cpu_counts_what_takes_more_and_refuses_what_fits_in_neither():
    def coldstart(memory_gb):
        config = load_file(ROOT / "config" / "demo.yaml")
        hardware = config.hardware.model_copy(update={"memory_gb": memory_gb})
        wide = config.coldstart.model_copy(update={"micro_batch_size": 8})  # so that the precision tells
        config = config.model_copy(update={"hardware": hardware, "coldstart": wide})
        return plan(config).stages[0]

    roomy = coldstart(64.0)
    assert roomy.peak > 12e9  # float32
    between = coldstart(11.0)
    assert between.peak < 10e9
    assert not between.problems
    assert any("float32, which auto may choose, takes" in note for note in between.notes)
    assert coldstart(4.0).problems
