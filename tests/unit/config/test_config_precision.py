"""`auto`: bfloat16 where the hardware multiplies in it, and settled before anything is made."""

import argparse
import json

import pytest
import torch

from openqwq import given, precision
from openqwq.config.train import GrpoConfig
from openqwq.stage import Stage
from openqwq.train.grpo_arguments import trl_arguments


@pytest.fixture(params=[True, False], ids=["hardware", "emulated"])
def in_hardware(request, monkeypatch):
    """A processor that has the instructions, and one that has not."""
    has = dict.fromkeys(precision.INSTRUCTIONS, False) | {precision.INSTRUCTIONS[1]: request.param, "avx512_f": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    precision.bfloat16_in_hardware.cache_clear()
    yield request.param
    precision.bfloat16_in_hardware.cache_clear()


def test_auto_follows_the_processor_and_all_else_stays(in_hardware):
    assert precision.settle("auto") == ("bfloat16" if in_hardware else "float32")
    assert precision.settle("auto", otherwise="none") == ("bfloat16" if in_hardware else "none")
    assert precision.settle("bfloat16") == "bfloat16"
    assert precision.settle("none", otherwise="none") == "none"
    assert precision.settled({"a": 1}, "autocast", "none") == {"a": 1, "autocast": "bfloat16" if in_hardware else "none"}


def test_a_stage_is_told_what_it_will_compute_in_before_its_fingerprint_is_made(in_hardware):
    options = argparse.Namespace(config=json.dumps({"steps": 2, "autocast": "auto"}), execution="{}")
    assert given.training_config_of(options) == {"steps": 2, "autocast": "bfloat16" if in_hardware else "none"}
    drawn_in = "bfloat16" if in_hardware else "float32"
    assert given.computing(options).generation_dtype == drawn_in
    assert json.loads(options.execution) == {"generation_dtype": drawn_in}  # what the manifest will say
    options = argparse.Namespace(config=json.dumps({"autocast": "none"}), execution=json.dumps({"generation_dtype": "bfloat16"}))
    assert given.training_config_of(options) == {"autocast": "none"}
    assert given.computing(options).generation_dtype == "bfloat16"


def test_the_trainer_follows(in_hardware, tmp_path):
    settings = {"steps": 1, "optimizer": {"learning_rate": 1e-5}, "domains": {"math": {"rewards": {"accuracy": 1.0}}}}
    stage = Stage("reason", config={}, inputs={}, state_root=tmp_path, seed=1, recipe_version=1)
    for autocast, expected in (("auto", in_hardware), ("none", False), ("bfloat16", True)):
        config = GrpoConfig.model_validate(settings | {"sampling": {"max_tokens": 8}, "autocast": autocast})
        assert trl_arguments(stage, config, given.computing(argparse.Namespace(execution="{}"))).bf16 == expected


def test_a_gpu_without_bfloat16_computes_in_float32(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for native in (True, False):
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True, native=native: native)
        precision.bfloat16_in_hardware.cache_clear()
        assert precision.settle("auto") == ("bfloat16" if native else "float32")
    precision.bfloat16_in_hardware.cache_clear()
