"""Trackers: they are told what metrics.parquet holds, once for each step, whatever happens in between."""

import importlib.util
import os

import pytest

from openqwq.errors import UserError
from openqwq.stage import Stage
from openqwq.train.metrics import MetricLog
from openqwq.train.trackers import Once, open_trackers, require_packages


def installed(name):
    return pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed")


@pytest.fixture
def stage(tmp_path):
    return Stage("reason", config={}, inputs={}, state_root=tmp_path / "demo" / ".state", seed=1, recipe_version=1)


def train(stage, names, resumed, *steps):
    """An attempt that resumes from a step and logs others; its end is not told to the trackers when it is killed."""
    with open_trackers(names, stage, resumed) as trackers:
        log = MetricLog(stage.state / "metrics.parquet", 0.0, resumed, trackers)
        for step in steps:
            log.add(step, {"loss": 1.0 / step, "reward": float("nan")})


def test_a_tracker_whose_package_is_missing_is_named():
    require_packages([])
    with pytest.raises(UserError, match=r"the package no_such_tracker is not installed.*pip install no_such_tracker"):
        require_packages(["no_such_tracker"])


def test_a_step_is_sent_once_over_all_attempts(tmp_path):
    sent = []
    for attempt in ([1, 2, 3], [2, 3, 4]):  # killed after step 3, resumed from step 1
        tracker = Once(tmp_path / "mark.json", lambda step, values: sent.append((step, values)), lambda: None)
        for step in attempt:
            tracker.log(step, {"loss": float(step)})
        tracker.log(attempt[-1], {"eval_loss": 0.5})  # more of the same step is no repetition
        tracker.close()
    assert [step for step, values in sent if "loss" in values] == [1, 2, 3, 4]
    assert [step for step, values in sent if "eval_loss" in values] == [3, 4]


@installed("tensorboard")
def test_tensorboard_shows_each_step_once(stage, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(stage, ["tensorboard"], 0, 1, 2, 3)
    train(stage, ["tensorboard"], 1, 2, 3, 4)
    shown = EventAccumulator(str(tmp_path / "demo" / "trackers" / "tensorboard" / stage.state.name))
    shown.Reload()
    assert shown.Tags()["scalars"] == ["loss"], "what is not a number is no point"
    assert [(event.step, event.value) for event in shown.Scalars("loss")] == [
        (step, pytest.approx(1 / step)) for step in (1, 2, 3, 4)
    ]


@pytest.mark.parametrize("content", ["{", "[]", '{"step": null}', "{}"])
def test_a_damaged_mark_is_named(tmp_path, content):
    (tmp_path / "mark.json").write_text(content)
    with pytest.raises(UserError, match=r"mark\.json: damaged, .* Delete it and start again"):
        Once(tmp_path / "mark.json", lambda step, values: None, lambda: None)


@installed("trackio")
def test_trackio_shows_each_step_once(stage, tmp_path, monkeypatch):
    import sqlite3

    monkeypatch.delenv("TRACKIO_DIR", raising=False)
    train(stage, ["trackio"], 0, 1, 2, 3)
    train(stage, ["trackio"], 1, 2, 3, 4)
    tables = list((tmp_path / "demo" / "trackers" / "trackio").rglob("*.db"))
    rows = [row for path in tables for row in sqlite3.connect(path).execute("select step from metrics order by step")]
    assert [step for (step,) in rows] == [1, 2, 3, 4]


@installed("wandb")
def test_wandb_takes_the_steps_offline(stage, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    train(stage, ["wandb"], 0, 1, 2, 3)
    train(stage, ["wandb"], 1, 2, 3, 4)
    folder = tmp_path / "demo" / "trackers" / "wandb"
    assert len(list(folder.rglob("run-*.wandb"))) == 2
    assert os.path.getsize(next(folder.rglob("run-*.wandb"))) > 0
