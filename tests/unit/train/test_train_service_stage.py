"""An RL stage whose reward model's service is killed while it trains ends with the remedy, and resumes as if nothing had been."""

import json
import threading
import time

import pytest
from service_helpers import Service, publish

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import METRIC, PROBLEM, PROFILE, ROLLOUT
from openqwq.config import Execution
from openqwq.config.train import GrpoConfig
from openqwq.errors import StageFailure
from openqwq.stage import Stage
from openqwq.train.grpo import run
from openqwq.train.saves import SEAL

CONFIG = {
    "steps": 6,
    "groups": 2,
    "group_size": 8,
    "micro_batch_tokens": 512,
    "optimizer": {"learning_rate": 1e-3, "scheduler": "constant"},
    "sampling": {"temperature": 1.0, "max_tokens": 30},
    "domains": {"chat": {"rewards": {"reward_model": 1.0}}},
    "autocast": "none",
}
pytestmark = pytest.mark.timeout(240)


def problems(folder):
    folder.mkdir()
    empty = {"source": "s", "domain": "chat", "tools": None, "verifier": None, "reference": None, "metadata": None}
    rows = [empty | {"id": f"p{i}", "messages": [{"role": "user", "content": f"Tell me about {i}."}]} for i in range(12)]
    write_table(folder / "problems.parquet", rows, PROBLEM)
    write_table(folder / "profile.parquet", [], PROFILE)
    return folder


def attempt(folder, tiny_model, inputs, model, url):
    stage = Stage(
        "general",
        config=CONFIG,
        inputs={"reward_model": model / "checkpoint"},
        state_root=folder / ".state",
        seed=1,
        recipe_version=1,
    )
    execution = Execution(generation_dtype="float32", verifier_workers=1, reward_service=url, saving={"general": 1})
    config = GrpoConfig.model_validate_json(json.dumps(CONFIG))
    out = folder / "general"
    with stage.running():
        tables = inputs / "problems.parquet", inputs / "profile.parquet"
        run(stage, config, tiny_model, *tables, model / "checkpoint", out, execution)
    return out


def made(out):
    rows = read_table(out / "metrics.parquet", METRIC).to_pylist()
    curves = {(row["step"], row["name"]): row["value"] for row in rows if not row["name"].endswith("_seconds")}
    rollouts = [row for path in sorted((out / "rollouts").iterdir()) for row in read_table(path, ROLLOUT).to_pylist()]
    return (out / "checkpoint" / "model.safetensors").read_bytes(), curves, rollouts


def test_a_service_killed_under_a_stage_ends_it_and_the_next_attempt_goes_on_to_the_same_bytes(tiny_model, tmp_path, capsys):
    inputs, model = problems(tmp_path / "inputs"), publish(tiny_model, tmp_path / "reward_model")
    with Service(model, "--port", "0") as running:
        whole = made(attempt(tmp_path / "whole", tiny_model, inputs, model, running.url))

    def kill_after_a_save():
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not list(
            (tmp_path / "cut" / ".state").glob(f"general-*/saves/checkpoint-*/{SEAL}")
        ):
            time.sleep(0.01)
        running.process.kill()

    with Service(model, "--port", "0") as running:
        killer = threading.Thread(target=kill_after_a_save, daemon=True)
        killer.start()
        with pytest.raises(
            StageFailure, match=r"service at http://\S+ does not answer .*Start `openqwq serve-reward`.*it resumes"
        ):
            attempt(tmp_path / "cut", tiny_model, inputs, model, running.url)
        killer.join()
    assert not (tmp_path / "cut" / "general").exists(), "nothing is published"
    with Service(model, "--port", "0") as running:
        resumed = made(attempt(tmp_path / "cut", tiny_model, inputs, model, running.url))
    assert "resuming from step" in capsys.readouterr().err
    assert resumed == whole
