"""Saves: the newest whole one is resumed from, torn or altered ones never."""

import json
import shutil
import time

import pytest

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import METRIC
from openqwq.errors import StageFailure
from openqwq.progress import Progress
from openqwq.train.metrics import MetricLog
from openqwq.train.saves import SEAL, Durations, newest_good_save, read_durations, seal
from openqwq.train.stored import StoredRollouts, forget_after, tables


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
        (lambda p: (p / SEAL).write_text('{"step": 4, "files": 3}'), "its seal is damaged"),
        (lambda p: (p / SEAL).write_text('{"step": 4, "files": {}}'), "its seal is damaged"),
        (lambda p: (p / SEAL).write_text((p / SEAL).read_text().replace('"step": 4', '"step": 3')), "the save of step 3"),
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


def foreign(folder):
    """What others may leave among the saves."""
    for name in ("checkpoint-foo", "checkpoint-", "checkpoint-007", "checkpoint-9.bak", "notes"):
        (folder / name).mkdir()
    (folder / "checkpoint-99").write_text("a file")
    (folder / "checkpoint-98").symlink_to(folder / "notes")
    return {path.name for path in folder.iterdir()}


def test_foreign_names_among_the_saves_are_left_alone(tmp_path):
    two = save(tmp_path, 2)
    names = foreign(tmp_path)
    assert newest(tmp_path) == (two, 2)
    assert {path.name for path in tmp_path.iterdir()} == names


def test_foreign_names_among_the_rollouts_are_left_alone(tmp_path):
    names = [
        "step-00001.parquet",
        "step-00002.parquet",
        "step-x.parquet",
        "step-2.parquet",
        "step-00003.parquet.bak",
        "step-.parquet",
    ]
    for name in names:
        (tmp_path / name).write_text("")
    assert [path.name for path in tables(tmp_path).values()] == names[:2]
    forget_after(tmp_path, 1)
    assert {path.name for path in tmp_path.iterdir()} == {*names} - {"step-00002.parquet"}


def rolled_out(folder, last):
    """Saves of steps 1, 2, … with the rollouts they build on; the tables' folder."""
    rollouts = folder / "rollouts"
    stored = StoredRollouts(rollouts)
    for step in range(1, last + 1):
        rollouts.mkdir(exist_ok=True)
        (rollouts / f"step-{step:05d}.parquet").write_text(f"rollouts of {step}")
        path = folder / "saves" / f"checkpoint-{step}"
        path.mkdir(parents=True)
        (path / "weights").write_text(str(step))
        stored.note(path, step)
        seal(path, step, Durations(), time.monotonic())
    return rollouts


@pytest.mark.parametrize("spoil", [lambda path: path.write_text("other"), lambda path: path.unlink()])
def test_a_save_that_builds_on_damaged_rollouts_is_passed_over(tmp_path, capsys, spoil):
    rollouts = rolled_out(tmp_path, 4)
    spoil(rollouts / "step-00003.parquet")
    stored = StoredRollouts(rollouts)
    assert newest_good_save(tmp_path / "saves", Progress("reason", None), stored.problem) == (
        tmp_path / "saves" / "checkpoint-2",
        2,
    )
    said = capsys.readouterr().err
    assert "save checkpoint-4 builds on what is not whole" in said
    assert f"{rollouts / 'step-00003.parquet'} " in said
    assert {path.name for path in (tmp_path / "saves").iterdir()} == {"checkpoint-1", "checkpoint-2"}
    assert set(stored.hashes) == {"step-00001.parquet", "step-00002.parquet"}, "step 3 is made, and noted, anew"


def test_where_every_save_builds_on_damaged_rollouts_all_are_kept(tmp_path):
    rollouts = rolled_out(tmp_path, 3)
    shutil.rmtree(tmp_path / "saves" / "checkpoint-1")
    (rollouts / "step-00001.parquet").write_text("other")
    with pytest.raises(
        StageFailure, match=r"step-00001\.parquet has changed: checkpoint-3 and all other saves .* Put the file back"
    ):
        newest_good_save(tmp_path / "saves", Progress("reason", None), StoredRollouts(rollouts).problem)
    assert len(list((tmp_path / "saves").iterdir())) == 2


def test_a_save_notes_only_the_rollouts_of_its_own_steps(tmp_path):
    rollouts = rolled_out(tmp_path, 2)
    (rollouts / "step-00003.parquet").write_text("of a step that was given up")
    stored = StoredRollouts(rollouts)
    stored.note(tmp_path, 2)
    assert set(json.loads((tmp_path / "rollouts.json").read_text())) == {"step-00001.parquet", "step-00002.parquet"}


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
