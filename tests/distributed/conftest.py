"""Runs of the real command in one and in two processes, on tables and a model made here."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import METRIC, PROBLEM, PROFILE, TRACE
from openqwq.cli import main
from openqwq.config.model import RandomModel
from openqwq.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
# One thread a process: the model is tiny, and the machine has few cores.
ENVIRONMENT = os.environ | {
    "PYTHONPATH": str(ROOT / "workflow"),
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
}


@pytest.fixture(scope="session")
def model(tmp_path_factory) -> Path:
    from openqwq.model.import_model import run

    folder = tmp_path_factory.mktemp("distributed")
    source = RandomModel(type="random", hidden_size=32, layers=2, heads=2, intermediate_size=64, max_length=512)
    stage = Stage("import_model", config={}, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, source, folder / "base_model")
    return folder / "base_model"


@pytest.fixture(scope="session")
def curated(tmp_path_factory) -> Path:
    """Traces of uneven length, and problems on which random text fares unevenly; 43 traces divide by no batch."""
    folder = tmp_path_factory.mktemp("curated")
    draw = random.Random(1)
    rows = []
    for number in range(50):
        letters = draw.sample("abcdefghijklmnopqrstuvwxyz", 4)
        kwargs = [{"letter": letter, "let_frequency": 1, "let_relation": "at least"} for letter in letters]
        reference = {"instruction_id_list": ["keywords:letter_frequency"] * 4, "kwargs": kwargs}
        rows.append(
            {
                "id": f"p{number:02d}",
                "source": "made",
                "domain": "instruction",
                "messages": [{"role": "user", "content": f"Write {' '.join(letters) * draw.randint(1, 4)}."}],
                "tools": None,
                "verifier": "instructions",
                "reference": json.dumps(reference),
                "metadata": None,
            }
        )
    traces = [row | {"completion": "<think>so</think>" + " ".join(row["messages"][0]["content"])} for row in rows]
    write_table(folder / "problems" / "train.parquet", rows, PROBLEM)
    write_table(folder / "traces" / "train.parquet", traces[:43], TRACE)
    write_table(folder / "traces" / "eval.parquet", traces[43:], TRACE)
    write_table(folder / "profile" / "profile.parquet", [], PROFILE)
    return folder


SFT = {
    "epochs": 10,
    "batch_size": 8,
    "micro_batch_size": 2,
    "max_length": 400,
    "optimizer": {"learning_rate": 1e-3, "scheduler": "cosine", "warmup_steps": 5},
    "autocast": "none",
}
GRPO = {
    "steps": 12,
    "groups": 5,  # not a multiple of two
    "group_size": 4,
    "micro_batch_size": 2,
    "optimizer": {"learning_rate": 2e-4, "scheduler": "linear"},
    "sampling": {"max_tokens": 24},
    "domains": {"instruction": {"rewards": {"accuracy": 1.0}}},
    "autocast": "none",
}


class Run:
    """One stage in a folder of its own; started any number of times, each in as many processes as wanted."""

    def __init__(self, folder: Path, model: Path, curated: Path, command: str, config: dict) -> None:
        self.folder, self.name = folder, "coldstart" if command == "sft" else "reason"
        self.out = folder / "out"
        extra = ["--stage", "reason", "--profile", str(curated / "profile")] if command == "grpo" else []
        self.arguments = [command, "--config", json.dumps(config), *extra]
        self.arguments += ["--model", str(model), "--curated", str(curated)]
        self.arguments += ["--state", str(folder / "state"), "--out", str(self.out)]

    def _all(self, processes: int) -> list[str]:
        execution = {"processes": processes, "generation_dtype": "float32", "verifier_workers": 1}
        execution["saving"] = {"coldstart": 1, "reason": 1}
        return [*self.arguments, "--execution", json.dumps(execution)]

    def here(self) -> None:
        """To the end in this process, which has loaded its libraries already."""
        assert main(self._all(1)) == 0

    def start(self, processes: int, modules: Path | None = None) -> subprocess.Popen:
        """`modules` is a folder from which its processes import as well."""
        more = {"PYTHONPATH": f"{ENVIRONMENT['PYTHONPATH']}:{modules}"} if modules else {}
        command = [sys.executable, "-m", "openqwq.cli", *self._all(processes)]
        return subprocess.Popen(
            command, env=ENVIRONMENT | more, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=self.folder
        )

    def finish(self, processes: int, code: int = 0, modules: Path | None = None) -> str:
        """To the end; returns what was said."""
        said, _ = (process := self.start(processes, modules)).communicate(timeout=120)
        assert process.returncode == code, said[-4000:]
        return said

    def until(self, process: subprocess.Popen, step: int) -> None:
        """Waits until a save of this step or a later one is sealed."""
        deadline = time.monotonic() + 100
        while not any(int(p.parent.name.split("-")[1]) >= step for p in self.state().glob("saves/*/openqwq-save.json")):
            assert process.poll() is None, process.stdout.read()[-4000:]
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def state(self) -> Path:
        return next(iter((self.folder / "state").glob(f"{self.name}-*")), Path("none"))

    def weights(self) -> dict:
        return load_file(self.out / "checkpoint" / "model.safetensors")

    def curve(self, name: str) -> list[tuple[int, float]]:
        rows = read_table(self.out / "metrics.parquet", METRIC).to_pylist()
        return [(row["step"], row["value"]) for row in rows if row["name"] == name]


@pytest.fixture(scope="session")
def runs(tmp_path_factory, model, curated):
    def make(command: str, **changes) -> Run:
        config = (SFT if command == "sft" else GRPO) | changes
        return Run(tmp_path_factory.mktemp(command), model, curated, command, config)

    return make


@pytest.fixture(scope="session")
def sft_alone(runs) -> Run:
    """The cold start in one process: what two are compared with."""
    run = runs("sft")
    run.here()
    return run


@pytest.fixture(scope="session")
def grpo_alone(runs) -> Run:
    run = runs("grpo")
    run.here()
    return run
