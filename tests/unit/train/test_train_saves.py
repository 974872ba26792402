"""Saves: the newest whole one is resumed from, torn or altered ones never."""

import json
import time

import pytest

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import METRIC
from openqwq.progress import Progress
from openqwq.train.grpo import forget_after
from openqwq.train.metrics import MetricLog
from openqwq.train.saves import SEAL, Durations, newest_good_save, read_durations, seal


def save(folder, step):
    path = folder / f"checkpoint-{step}"
    path.mkdir(parents=True)
    (path / "weights").write_bytes(b"w" * 100 + str(step).encode())
    (path / "optimizer").write_bytes(b"o" * 100)
    seal(path, step, Durations(step=7.0), time.monotonic() - 3)
    return path


def newest(folder):
    return newest_good_save(folder, Progress("coldstart", None))


def test_the_newest_whole_save_is_found(tmp_path):
    save(tmp_path, 9)
    ten = save(tmp_path, 10)
    assert newest(tmp_path) == (ten, 10)


def test_there_may_be_none(tmp_path):
    assert newest(tmp_path / "saves") == (None, 0)


def flip(path):
    data = bytearray((path / "weights").read_bytes())
    data[50] ^= 1
    (path / "weights").write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda p: (p / SEAL).unlink(), "it was interrupted"),
        (lambda p: (p / SEAL).write_text("{"), "its seal is damaged"),
        (lambda p: (p / SEAL).write_text("[]"), "its seal is damaged"),
        (lambda p: (p / "optimizer").unlink(), "optimizer is missing"),
        (lambda p: (p / "optimizer").write_bytes(b"o" * 50), "optimizer has changed"),
        (flip, "weights has changed"),
    ],
)
def test_a_torn_save_is_passed_over_and_removed(tmp_path, capsys, spoil, said):
    before, torn = save(tmp_path, 2), save(tmp_path, 4)
    spoil(torn)
    assert newest(tmp_path) == (before, 2)
    assert said in capsys.readouterr().err
    assert not torn.exists()


def test_curves_and_rollouts_past_the_save_are_forgotten(tmp_path):
    log = MetricLog(tmp_path / "metrics.parquet", 0.0, 0)
    for step in (1, 2, 3):
        log.add(step, {"loss": step, "reward": float("nan")})
        (tmp_path / f"step-{step:05d}.parquet").write_text("")
    again = MetricLog(tmp_path / "metrics.parquet", 0.0, 2)
    again.add(3, {"loss": 30.0})
    rows = read_table(tmp_path / "metrics.parquet", METRIC).to_pylist()
    assert [(r["step"], r["name"], r["value"]) for r in rows] == [(1, "loss", 1.0), (2, "loss", 2.0), (3, "loss", 30.0)]
    forget_after(tmp_path, 1)
    assert [p.name for p in tmp_path.glob("step-*")] == ["step-00001.parquet"]


def test_a_seal_knows_how_long_steps_and_saves_took(tmp_path):
    path = save(tmp_path, 2)
    assert read_durations(path) == Durations(7.0, pytest.approx(3.0, abs=1))
    stored = json.loads((path / SEAL).read_text())
    (path / SEAL).write_text(json.dumps({"step": 2, "files": stored["files"]}))  # of an earlier version
    assert read_durations(path) == Durations()
    assert read_durations(None) == Durations()
