"""A reward model of a few thousand random weights, as the stage publishes it, and the service on it as a process."""

import json
import os
import subprocess
import sys
from pathlib import Path

from openqwq.generate.checkpoint import load_tokenizer
from openqwq.train.reward_model import with_score_head
from openqwq.train.scorer import STATISTICS

ROOT = Path(__file__).resolve().parents[3]


def publish(tiny_model, folder, seed=1):
    tokenizer = load_tokenizer(tiny_model)
    checkpoint = folder / "checkpoint"
    with_score_head(tiny_model, seed, tokenizer).save_pretrained(checkpoint)
    tokenizer.save_pretrained(checkpoint)
    (checkpoint / STATISTICS).write_text(json.dumps({"mean": 0.25, "deviation": 2.0}))
    return folder


class Service:
    """`openqwq serve-reward` as a process of its own."""

    def __init__(self, folder, *options):
        command = [sys.executable, "-m", "openqwq.cli", "serve-reward", str(folder), "--dtype", "float32", *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.said = self.process.stderr.readline()
        self.url = self.said.split()[-1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()
