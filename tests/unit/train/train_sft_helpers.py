"""The cold start on a few traces, a step for each."""

import json

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import TRACE
from openqwq.config import Execution, Saving
from openqwq.config.train import SftConfig
from openqwq.stage import Stage
from openqwq.train import sft

LAST = 4


def write_traces(folder, held_out=0):
    rows = [
        {
            "id": f"t{i}",
            "source": "s",
            "domain": "math",
            "messages": [{"role": "user", "content": f"{i} + 1?"}],
            "tools": None,
            "verifier": "math",
            "reference": "{}",
            "metadata": None,
            "completion": f"<think>so</think>{i + 1}",
        }
        for i in range(max(LAST, held_out))
    ]
    write_table(folder / "train.parquet", rows[:LAST], TRACE)
    write_table(folder / "eval.parquet", rows[:held_out], TRACE)
    return folder


def cold_start(folder, tiny_model, traces, learning_rate=1e-3, every=1):
    """With a save after `every` steps; what it publishes."""
    optimizer = {"learning_rate": learning_rate, "scheduler": "constant"}
    settings = {"batch_size": 1, "micro_batch_size": 1, "max_length": 256, "optimizer": optimizer, "autocast": "none"}
    stage = Stage("coldstart", config=settings, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    config = SftConfig.model_validate_json(json.dumps(settings))
    with stage.running():
        sft.run(stage, config, tiny_model, traces, folder / "coldstart", Execution(saving=Saving(coldstart=every)))
    return folder / "coldstart"


def saves(folder):
    return {path.name for path in (folder / ".state").glob("coldstart-*/saves/checkpoint-*")}
