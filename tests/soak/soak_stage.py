"""The training commands as processes that can be killed at any moment, and what must be equal afterwards.

A process is forked from a server that has torch and TRL imported already: an attempt starts in a moment, and is a process
group of its own, which a kill ends as a whole.
"""

import hashlib
import json
import multiprocessing
import os
import signal
import sys
import time

import pandas as pd

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import COMPLETION, PREFERENCE, PROBLEM, PROFILE, TRACE

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["openqwq.train.sft", "openqwq.train.reward_model", "openqwq.train.grpo"])
OPTIMIZER = {"learning_rate": 1e-3, "scheduler": "cosine", "warmup_steps": 2}
SUPERVISED = {"batch_size": 4, "micro_batch_size": 2, "max_length": 256, "optimizer": OPTIMIZER, "autocast": "none"}
CONFIGS = {
    "sft": SUPERVISED | {"epochs": 4},
    "reward-model": SUPERVISED | {"epochs": 4, "control_steps": 5, "verdict_pairs": {"domains": ["math"], "held_out": 0.2}},
    "grpo": {
        "steps": 6,
        "groups": 2,
        "group_size": 4,
        "micro_batch_size": 2,
        "optimizer": OPTIMIZER,
        "sampling": {"max_tokens": 8},
        "domains": {"math": {"rewards": {"accuracy": 1.0, "reward_model": 0.5}}},
        "pass_rate": [0.0, 1.0],
        "kl": 0.01,
        "autocast": "none",
    },
}
SAVING = {"coldstart": 2, "reward_model": 3, "general": 1, "keep": 2}
STEPS = {"sft": 24, "reward-model": 32, "grpo": 6}
ROWS = 24


def attempt(arguments, log):
    """One process: the command line, with its output in `log`."""
    os.setsid()
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    import torch

    from openqwq.cli import main

    torch.set_num_threads(1)
    sys.exit(main(arguments))


def problem(number):
    return {
        "id": f"p{number:03d}",
        "source": "sums",
        "domain": "math",
        "messages": [{"role": "user", "content": f"{number} + {number % 7} = ?"}],
        "tools": None,
        "verifier": "math",
        "reference": json.dumps({"answer": str(number + number % 7)}),
        "metadata": None,
    }


def completions(number):
    """A right and a wrong one of a problem."""
    shared = {"problem_id": f"v{number}", "domain": "math", "prompt": f"sum {number}", "tokens": 4, "finish_reason": "stop"}
    shared |= {"verifier": "math", "reference": "{}", "score": 1.0, "reason": "", "rewards": [], "seconds": 0.0}
    return [shared | {"sample": s, "text": f"{v} {number}", "verdict": v} for s, v in enumerate(("correct", "incorrect"))]


def write_inputs(curated, profile):
    """Tables as curation and profiling leave them."""
    problems = [problem(i) for i in range(ROWS)]
    write_table(curated / "problems" / "train.parquet", problems, PROBLEM)
    traces = [p | {"completion": f"<think>{'so ' * (i % 5)}</think>{i + i % 7}"} for i, p in enumerate(problems)]
    write_table(curated / "traces" / "train.parquet", traces, TRACE)
    write_table(curated / "traces" / "eval.parquet", traces[:4], TRACE)
    pairs = [
        p
        | {
            "chosen": [{"role": "assistant", "content": "yes " * (1 + i % 3)}],
            "rejected": [{"role": "assistant", "content": "x"}],
        }
        for i, p in enumerate(problems)
    ]
    write_table(curated / "preferences" / "train.parquet", pairs, PREFERENCE)
    apart = [pair | {"messages": [{"role": "user", "content": f"held out {i}"}]} for i, pair in enumerate(pairs[:4])]
    write_table(curated / "preferences" / "eval.parquet", apart, PREFERENCE)
    write_table(profile / "completions.parquet", [c for i in range(10) for c in completions(i)], COMPLETION)
    counts = {"samples": 4, "correct": 2, "unscorable": 0, "pass_rate": 0.5, "mean_tokens": 5.0}
    rows = [{"problem_id": p["id"], "domain": "math"} | counts for p in problems]
    write_table(profile / "profile.parquet", rows, PROFILE)


class StageRun:
    """A stage with a folder of its own for state and output. `inputs` holds base/, curated/, profile/, reward_model/."""

    def __init__(self, command, inputs, folder, config=None, **execution):
        self.command, self.folder, self.out = command, folder, folder / "out"
        folder.mkdir(parents=True, exist_ok=True)
        self.log = folder / "log.txt"
        settings = {"generation_dtype": "float32", "verifier_workers": 1, "saving": SAVING} | execution
        self.arguments = [command, "--config", json.dumps(CONFIGS[command] | (config or {})), "--execution", json.dumps(settings)]
        self.arguments += ["--state", str(folder / ".state"), "--out", str(self.out)]
        self.arguments += ["--model", str(inputs / "base"), "--curated", str(inputs / "curated")]
        if command == "reward-model":
            self.arguments += ["--profile", str(inputs / "profile")]
        if command == "grpo":
            self.arguments += ["--stage", "general", "--profile", str(inputs / "profile")]
            self.arguments += ["--reward-model", str(inputs / "reward_model")]

    def start(self, *more):
        process = SERVER.Process(target=attempt, args=([*self.arguments, *more], str(self.log)))
        process.start()
        return process

    def finish(self, *more):
        """Runs an attempt to its end; returns its exit code."""
        process = self.start(*more)
        process.join(120)
        assert process.exitcode is not None, f"{self.command} hangs:\n{self.said()}"
        return process.exitcode

    def killed_after(self, seconds):
        """Whether an attempt was at work after `seconds`, and was killed with all its children."""
        process = self.start()
        process.join(seconds)
        if process.exitcode is not None:
            assert process.exitcode == 0, self.said()
            return False
        signal_group(process, signal.SIGKILL)
        process.join()
        return True

    def said(self):
        return self.log.read_text() if self.log.exists() else ""

    def step(self):
        """The last step that the progress file tells of."""
        found = list((self.folder / ".state").glob("*/progress.json"))
        return json.loads(found[0].read_text()).get("step", 0) if found else 0

    def wait_for(self, condition, process):
        """Waits for a moment in the life of an attempt that is at work."""
        end = time.monotonic() + 60
        while not condition():
            assert process.exitcode is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.005)

    def saves(self, part=""):
        """Those of the stage itself, or of a part of its work."""
        return sorted((self.folder / ".state").glob(f"*/{part}/saves/checkpoint-*"))

    def made(self):
        """All that must not depend on interruptions: files by hash, tables without what tells the time."""
        result = {}
        for path in sorted(p for p in self.out.rglob("*") if p.is_file()):
            name = str(path.relative_to(self.out))
            if path.suffix == ".parquet":
                result[name] = timeless(pd.read_parquet(path))
            elif name in ("manifest.json", "progress.json"):
                result[name] = None  # there, with other times
            else:
                result[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        return result


def timeless(table):
    """A table's bytes, without a column `seconds` and without curves of seconds."""
    if "name" in table:
        table = table[~table["name"].str.contains("seconds")]
    text = table.drop(columns="seconds", errors="ignore").to_json(orient="records", double_precision=15, lines=True)
    return hashlib.sha256(text.encode()).hexdigest()


def signal_group(process, number):
    """A signal to the attempt and all its children, as a scheduler sends it."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:  # it has not made its group yet, or is gone
        os.kill(process.pid, number)
