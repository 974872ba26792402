"""The stage with several updates a batch: figures in its curves, the entropy watch, an exact resume between batches."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import METRIC, PROBLEM, PROFILE, ROLLOUT
from openqwq.config import Bounds, Execution
from openqwq.config.train import GrpoConfig
from openqwq.errors import StageFailure
from openqwq.stage import Stage
from openqwq.train import grpo
from openqwq.train.grpo import run
from openqwq.train.interpolate import interpolate

CONFIG = {
    "steps": 8,
    "groups": 4,
    "group_size": 8,
    "updates": 2,
    "micro_batch_tokens": 512,
    "optimizer": {"learning_rate": 1e-3, "scheduler": "constant"},
    "sampling": {
        "temperature": [{"from_step": 1, "temperature": 1.0}, {"from_step": 5, "temperature": 1.3}],
        "max_tokens": [{"from_step": 1, "max_tokens": 30}, {"from_step": 7, "max_tokens": 50}],
    },
    # An untrained model answers nothing right, but its completions differ in length.
    "domains": {"math": {"rewards": {"accuracy": 1.0, "overlong": 1.0}}},
    "overlong_buffer": 29,
    "clip_high": 0.28,
    "kl": 0.01,
    "autocast": "none",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    rows = [
        {
            "id": f"p{i}",
            "source": "s",
            "domain": "math",
            "messages": [{"role": "user", "content": f"{i} + 1?"}],
            "tools": None,
            "verifier": "math",
            "reference": json.dumps({"answer": str(i + 1)}),
            "metadata": None,
        }
        for i in range(12)
    ]
    write_table(folder / "problems.parquet", rows, PROBLEM)
    write_table(folder / "profile.parquet", [], PROFILE)
    return folder


def attempt(folder, tiny_model, inputs, changes=None, **bounds):
    settings = CONFIG | (changes or {})
    config = GrpoConfig.model_validate_json(json.dumps(settings))
    execution = Execution(generation_dtype="float32", verifier_workers=1, bounds=Bounds(**bounds))
    stage = Stage("reason", config=settings, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    problems, profile, out = inputs / "problems.parquet", inputs / "profile.parquet", folder / "reason"
    with stage.running():
        run(stage, config, tiny_model, problems, profile, None, out, execution)
    return out


def curves(out):
    rows = read_table(out / "metrics.parquet", METRIC).to_pylist()
    return {(row["step"], row["name"]): row["value"] for row in rows if not row["name"].endswith("_seconds")}


@pytest.fixture(scope="module")
def whole(tiny_model, tmp_path_factory, inputs):
    return attempt(tmp_path_factory.mktemp("whole"), tiny_model, inputs)


def timeless(out):
    tables = {path.name: read_table(path, ROLLOUT).drop_columns("seconds").to_pylist() for path in (out / "rollouts").iterdir()}
    return tables, curves(out), (out / "checkpoint" / "model.safetensors").read_bytes()


def test_a_stage_stopped_by_the_entropy_watch_goes_on_to_the_same_bytes(tiny_model, tmp_path, inputs, whole):
    with pytest.raises(StageFailure, match=r"steps 2 to 6: the policy's mean entropy is .*execution\.bounds\.entropy wants 50"):
        attempt(tmp_path / "stopped", tiny_model, inputs, entropy=50.0)
    saves = (tmp_path / "stopped" / ".state").glob("reason-*/saves/checkpoint-*")
    assert {path.name for path in saves} == {"checkpoint-4", "checkpoint-6"}  # never within a batch
    resumed = attempt(tmp_path / "stopped", tiny_model, inputs)
    weights = [(out / "checkpoint" / "model.safetensors").read_bytes() for out in (resumed, whole)]
    assert weights[0] == weights[1]
    assert weights[0] != (tiny_model / "model.safetensors").read_bytes()
    values = curves(whole)
    assert curves(resumed) == values
    assert sorted(path.name for path in (whole / "rollouts").iterdir()) == [f"step-0000{step}.parquet" for step in (1, 3, 5, 7)]
    names = {name for _, name in values}
    assert {"loss", "entropy", "kl", "mismatch_ratio/mean", "mismatch_truncated", "padding_share", "clipped/high"} <= names
    # The sampler is the trainer but for its kernels, and its temperature is the trainer's: also after it has changed.
    assert all(abs(values[step, "mismatch_ratio/mean"] - 1) < 1e-4 for step in range(1, 9))
    assert {step for step, name in values if name == "reward/overlong"} == {1, 3, 5, 7}
    assert all(values[step, "padding_share"] <= 0.1 for step in range(1, 9))
    tables = {step: read_table(whole / "rollouts" / f"step-0000{step}.parquet", ROLLOUT).to_pylist() for step in (5, 7)}
    assert max(row["tokens"] for row in tables[5]) == 30
    assert 30 < max(row["tokens"] for row in tables[7]) <= 50


def test_damaged_curves_and_rollouts_are_made_again_from_a_save_before_them(tiny_model, tmp_path, inputs, whole, capsys):
    with pytest.raises(StageFailure):
        attempt(tmp_path, tiny_model, inputs, entropy=50.0)
    state = next((tmp_path / ".state").glob("reason-*"))
    (state / "metrics.parquet").write_bytes(b"torn")
    (state / "rollouts" / "step-00005.parquet").write_bytes(b"torn")
    (state / "rollouts" / "step-x.parquet").write_bytes(b"somebody else's")
    (state / "saves" / "checkpoint-foo").mkdir()
    resumed = attempt(tmp_path, tiny_model, inputs)
    said = capsys.readouterr().err
    assert "save checkpoint-6 builds on what is not whole" in said
    assert "resuming from step 4" in said
    assert timeless(resumed) == timeless(whole)


def test_rollouts_on_which_every_save_builds_cannot_be_replaced(tiny_model, tmp_path, inputs):
    with pytest.raises(StageFailure):
        attempt(tmp_path, tiny_model, inputs, entropy=50.0)
    state = next((tmp_path / ".state").glob("reason-*"))
    table = state / "rollouts" / "step-00001.parquet"
    content = table.read_bytes()
    table.write_bytes(content[:-9])
    with pytest.raises(StageFailure, match=r"step-00001\.parquet has changed: .* Put the file back as it was; or delete"):
        attempt(tmp_path, tiny_model, inputs)
    assert len(list((state / "saves").glob("checkpoint-*"))) == 2
    table.write_bytes(content)
    with pytest.raises(StageFailure, match="entropy"):
        attempt(tmp_path, tiny_model, inputs, entropy=50.0)


def test_only_what_is_published_is_interpolated(tiny_model, tmp_path, inputs, whole):
    half = attempt(tmp_path, tiny_model, inputs, {"interpolation": 0.5})
    assert curves(half) == curves(whole)
    first, middle, last = (
        load_file(folder / "model.safetensors") for folder in (tiny_model, half / "checkpoint", whole / "checkpoint")
    )
    assert any(not torch.equal(first[name], last[name]) for name in last)
    for name in last:
        torch.testing.assert_close(middle[name], (first[name] + last[name]) / 2)


def test_where_the_first_weights_have_gone_training_is_kept_and_published_once_they_are_back(
    tiny_model, tmp_path, inputs, whole, monkeypatch, capsys
):
    start = tmp_path / "start"
    shutil.copytree(tiny_model, start)

    def without_first_weights(*given):
        (start / "model.safetensors").rename(tmp_path / "away")
        interpolate(*given)

    with monkeypatch.context() as patch:
        patch.setattr(grpo, "interpolate", without_first_weights)
        with pytest.raises(StageFailure, match="Put them back"):
            attempt(tmp_path, start, inputs, {"interpolation": 0.5})
    assert not (tmp_path / "reason").exists()
    (tmp_path / "away").rename(start / "model.safetensors")
    assert curves(attempt(tmp_path, start, inputs, {"interpolation": 0.5})) == curves(whole), "no step more"
    assert "resuming from step 8" in capsys.readouterr().err


def test_a_stage_killed_between_its_last_save_and_publishing_trains_no_further(tiny_model, tmp_path, inputs, whole, monkeypatch):
    def dies(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(grpo, "publish_checkpoint", dies)
        with pytest.raises(KeyboardInterrupt):
            attempt(tmp_path, tiny_model, inputs)
    resumed = attempt(tmp_path, tiny_model, inputs)
    weights = [(out / "checkpoint" / "model.safetensors").read_bytes() for out in (resumed, whole)]
    assert weights[0] == weights[1]
    assert curves(resumed) == curves(whole)
    assert [path.name for path in sorted((resumed / "rollouts").iterdir())] == [
        f"step-0000{step}.parquet" for step in (1, 3, 5, 7)
    ]


# Rewards that an untrained model never gets.
HOPELESS = {"domains": {"math": {"rewards": {"accuracy": 1.0}}}, "overlong_buffer": None, "max_generated": 1.0, "kl": 0.0}


def test_a_stage_without_a_live_group_is_a_failure(tiny_model, tmp_path, inputs, capsys):
    with pytest.raises(StageFailure, match=r"in none of 4 batches of rollouts was a group live: nothing was learnt\. Look at"):
        attempt(tmp_path, tiny_model, inputs, HOPELESS)
    assert not (tmp_path / "reason").exists()
    assert "step 3: no live group" in capsys.readouterr().err
    published = attempt(tmp_path, tiny_model, inputs, HOPELESS, dead_steps=0)  # who wants it all the same says so, and goes on
    assert "resuming from step 8" in capsys.readouterr().err
    assert published.is_dir()


def test_dead_steps_in_a_row_stop_the_stage_at_the_bound_also_over_a_resume(tiny_model, tmp_path, inputs):
    for _ in range(2):
        with pytest.raises(StageFailure, match="step 4: none of the last 2 batches of rollouts had a live group"):
            attempt(tmp_path, tiny_model, inputs, HOPELESS, dead_steps=2)
    assert len(list((tmp_path / ".state").glob("*/rollouts/step-*.parquet"))) == 2
