"""Nothing is ever half written, and no table passes with other columns than declared."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import pyarrow as pa
import pytest

from openqwq.artifacts.files import publishing, read_table, replacing, write_table
from openqwq.artifacts.schemas import METRIC
from openqwq.errors import UserError

ROW = {"step": 1, "name": "loss", "value": 0.5, "seconds": 1.0}


def test_a_table_comes_back_as_written(tmp_path):
    write_table(tmp_path / "a.parquet", [ROW], METRIC)
    assert read_table(tmp_path / "a.parquet", METRIC).to_pylist() == [ROW]
    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (pa.table({"step": [1], "name": ["x"], "value": [1.0]}), "missing column 'seconds'"),
        (pa.table({"step": [1], "name": ["x"], "value": [1.0], "seconds": [1.0], "more": [1]}), "unknown column 'more'"),
        (pa.table({"step": ["x"], "name": ["x"], "value": [1.0], "seconds": [1.0]}), "column 'step'"),
        (pa.table({"step": [1, None], "name": ["x"] * 2, "value": [1.0] * 2, "seconds": [1.0] * 2}), "null in row 1"),
    ],
)
def test_a_table_of_another_shape_is_refused_and_leaves_nothing(tmp_path, table, named):
    with pytest.raises(UserError, match=named):
        write_table(tmp_path / "a.parquet", table, METRIC)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PAR1 torn", None])
def test_a_torn_or_missing_table_is_named(tmp_path, content):
    path = tmp_path / "a.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.parquet"):
        read_table(path, METRIC)


def test_a_failed_write_keeps_what_stood_there(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_takes_the_place_of_the_one_before_only_when_it_is_whole(tmp_path):
    folder = tmp_path / "out"
    with publishing(folder) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(RuntimeError), publishing(folder) as temporary:
        (temporary / "a").write_text("2")
        raise RuntimeError
    assert (folder / "a").read_text() == "1"
    with publishing(folder) as temporary:
        (temporary / "b").write_text("3")
    assert [p.name for p in folder.iterdir()] == ["b"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_writer_left_beside_a_folder_is_removed(tmp_path):
    for name in (".out.x1.part", ".out.x1.old", ".other.x1.part"):
        (tmp_path / name).mkdir()
    with publishing(tmp_path / "out") as folder:
        (folder / "a").write_text("1")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.x1.part", "out"]


def test_a_kill_while_a_folder_is_filled_publishes_nothing(tmp_path):
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from openqwq.artifacts.files import publishing
        with publishing(Path({str(tmp_path / "out")!r})) as folder:
            (folder / "a").write_text("half")
            print("filling", flush=True)
            time.sleep(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.1)
    assert not (tmp_path / "out").exists()


def test_what_stood_there_comes_back_when_publishing_is_interrupted_between_its_two_renames(tmp_path, monkeypatch):
    with publishing(tmp_path / "out") as folder:
        (folder / "a").write_text("old")
    replace, moved = os.replace, []

    def interrupted(source, target):
        moved.append(target)
        if len(moved) == 2:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), publishing(tmp_path / "out") as folder:
        (folder / "a").write_text("new")
    assert (tmp_path / "out" / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
