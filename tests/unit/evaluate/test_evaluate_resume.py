"""A real, tiny model evaluated by the command: killed and resumed, in shards, and after a change of the execution."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import COMPLETION, PROBLEM, SAMPLE
from openqwq.cli import main

CONFIG = {"evaluate": {"sampling": {"max_tokens": 40}, "held_out_samples": 2, "bootstrap": 100}}
EXECUTION = {"generation_batch": 4, "generation_dtype": "float32", "verifier_workers": 1, "saving": {"evaluate": 1}}


@pytest.fixture
def curated(tmp_path, problem_row) -> Path:
    folder = tmp_path / "curate"
    asked = [problem_row(i, messages=[{"role": "user", "content": f"{'so ' * (i % 5)}{i} + 2 = ?"}]) for i in range(23)]
    write_table(folder / "benchmarks" / "math.parquet", asked, PROBLEM)
    return folder


def command(model: Path, curated: Path, folder: Path, *more: str, **execution) -> list[str]:
    folder.mkdir(exist_ok=True)
    words = ["evaluate", "--name", "reason", "--config", json.dumps(CONFIG), "--execution", json.dumps(EXECUTION | execution)]
    words += ["--model", str(model), "--curated", str(curated), "--state", str(folder / ".state"), *more]
    return words if "--out" in more else [*words, "--out", str(folder / "out")]


def samples(out: Path) -> pd.DataFrame:
    return read_table(out / "math.parquet", SAMPLE).to_pandas().drop(columns=["seconds", "rewards"])


def test_a_killed_evaluation_keeps_its_chunks_and_ends_with_the_same_samples(tiny_model, curated, tmp_path, capsys):
    assert main(command(tiny_model, curated, tmp_path / "whole")) == 0
    words = command(tiny_model, curated, tmp_path / "killed")
    process = subprocess.Popen([sys.executable, "-m", "openqwq.cli", *words], stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 120
    while len(chunks := list((tmp_path / "killed" / ".state").glob("*/samples/math/*.parquet"))) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    chunks = list((tmp_path / "killed" / ".state").glob("*/samples/math/*.parquet"))
    assert 2 <= len(chunks) < 12
    before = {chunk: chunk.stat().st_mtime_ns for chunk in chunks}
    capsys.readouterr()
    assert not (tmp_path / "killed" / "out").exists()
    assert main(words) == 0
    assert f"resuming: {4 * len(before)} of 46 completions are drawn" in capsys.readouterr().err
    pd.testing.assert_frame_equal(samples(tmp_path / "killed" / "out"), samples(tmp_path / "whole" / "out"))


def test_shards_draw_the_samples_that_one_job_draws(tiny_model, curated, tmp_path):
    """One sequence at a time: nothing beside it can move a bit."""
    assert main(command(tiny_model, curated, tmp_path / "one", generation_batch=1)) == 0
    folders = [tmp_path / f"{i}-of-3" for i in range(3)]
    for i, folder in enumerate(folders):
        more = ("--shard", f"{i}/3", "--out", str(folder))
        assert main(command(tiny_model, curated, tmp_path / "three", *more, generation_batch=1)) == 0
        assert read_table(folder / "math.parquet", COMPLETION).num_rows == (16, 16, 14)[i]
    together = command(tiny_model, curated, tmp_path / "three", "--shards", *map(str, reversed(folders)), generation_batch=1)
    assert main(together) == 0
    pd.testing.assert_frame_equal(samples(tmp_path / "three" / "out"), samples(tmp_path / "one" / "out"))
    (how,) = read_manifest(tmp_path / "three" / "out")["facts"]["drawn_with"]
    assert (how["generation_batch"], how["generation_dtype"]) == (1, "float32")


def test_shards_that_are_not_all_there_or_of_another_configuration(tiny_model, curated, tmp_path, capsys):
    folders = [tmp_path / f"{i}-of-2" for i in range(2)]
    for i, folder in enumerate(folders):
        assert main(command(tiny_model, curated, tmp_path / "x", "--shard", f"{i}/2", "--out", str(folder))) == 0
    capsys.readouterr()
    assert main(command(tiny_model, curated, tmp_path / "x", "--shards", str(folders[0]))) == 2
    assert "give each of one set once" in capsys.readouterr().err
    assert main(command(tiny_model, curated, tmp_path / "x", "--shards", *map(str, folders), "--seed", "7")) == 2
    assert "made from another configuration, seed or source" in capsys.readouterr().err
    assert main(command(tiny_model, curated, tmp_path / "x", "--shard", "2/2")) == 2
    assert "is not i/N" in capsys.readouterr().err


def test_what_is_drawn_stays_when_the_execution_changes(tiny_model, curated, tmp_path, capsys, monkeypatch):
    from openqwq.evaluate import drawing

    calls = []
    draw = drawing.draw_mixed

    def twice(sampler, problems, *rest):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append([p["id"] for p in problems])
        return draw(sampler, problems, *rest)

    monkeypatch.setattr(drawing, "draw_mixed", twice)
    assert main(command(tiny_model, curated, tmp_path / "a")) == 130
    assert calls == [["p000", "p001"], ["p002", "p003"]]
    calls.clear()
    monkeypatch.setattr(drawing, "draw_mixed", lambda *all_: calls.append([p["id"] for p in all_[1]]) or draw(*all_))
    assert main(command(tiny_model, curated, tmp_path / "a", saving={"evaluate": 3})) == 0
    assert [len(ids) for ids in calls] == [6, 6, 6, 1]
    assert calls[0][0] == "p004"
    made = samples(tmp_path / "a" / "out")
    assert list(made.problem_id) == [f"p{i:03d}" for i in range(23) for _ in range(2)]


@pytest.fixture
def three(curated, problem_row) -> Path:
    """Two benchmarks more, drawn as the first is, which stand before and behind it: 23 problems of it, 9 and 5 of them."""
    for name, count in (("code", 9), ("tool", 5)):
        asked = [problem_row(i, id=f"{name}{i}", messages=[{"role": "user", "content": f"{name} {i}"}]) for i in range(count)]
        write_table(curated / "benchmarks" / f"{name}.parquet", asked, PROBLEM)
    return curated


def of_all(out: Path) -> pd.DataFrame:
    tables = [read_table(out / f"{name}.parquet", SAMPLE).to_pandas() for name in ("code", "math", "tool")]
    return pd.concat(tables, ignore_index=True).drop(columns=["seconds", "rewards"])


def test_benchmarks_that_are_drawn_alike_share_calls_and_draw_what_each_draws_alone(tiny_model, three, tmp_path, monkeypatch):
    """One sequence at a time: nothing beside it can move a bit."""
    from openqwq.evaluate import drawing

    calls = []
    draw = drawing.draw_mixed
    monkeypatch.setattr(drawing, "draw_mixed", lambda *all_: calls.append([p["id"] for p in all_[1]]) or draw(*all_))
    assert main(command(tiny_model, three, tmp_path / "all", generation_batch=1, saving={"evaluate": 20})) == 0
    assert [len(ids) for ids in calls] == [10, 10, 10, 7]
    assert calls[0] == [*(f"code{i}" for i in range(9)), "p000"]
    assert calls[3] == ["p021", "p022", *(f"tool{i}" for i in range(5))]
    for name in ("code", "tool"):
        (three / "benchmarks" / f"{name}.parquet").unlink()
    assert main(command(tiny_model, three, tmp_path / "alone", generation_batch=1)) == 0
    pd.testing.assert_frame_equal(samples(tmp_path / "alone" / "out"), samples(tmp_path / "all" / "out"))


def test_what_one_call_drew_of_several_benchmarks_is_kept_whole_or_drawn_again(tiny_model, three, tmp_path, capsys, monkeypatch):
    from openqwq.evaluate.kept import Kept

    execution = {"saving": {"evaluate": 5}}  # twenty completions a call: code and one of math, ten of math, …
    assert main(command(tiny_model, three, tmp_path / "whole", **execution)) == 0
    add, added = Kept.add, []

    def cut_off(self, *rest):
        if len(added) == 5:
            raise KeyboardInterrupt
        add(self, *rest)
        added.append((self.path.stem, *rest[:2]))

    monkeypatch.setattr(Kept, "add", cut_off)
    words = command(tiny_model, three, tmp_path / "cut", **execution)
    assert main(words) == 130
    assert added == [("math", 0, 1), ("code", 0, 9), ("math", 1, 11), ("math", 11, 21), ("tool", 0, 5)]
    monkeypatch.setattr(Kept, "add", lambda self, *rest: add(self, *rest) or added.append((self.path.stem, *rest[:2])))
    capsys.readouterr()
    assert main(words) == 0
    assert "resuming: 60 of 74 completions are drawn" in capsys.readouterr().err
    assert added[5:] == [("tool", 0, 5), ("math", 21, 23)]
    pd.testing.assert_frame_equal(of_all(tmp_path / "cut" / "out"), of_all(tmp_path / "whole" / "out"))


@pytest.mark.parametrize(
    ("batch", "following"),
    [(20, [("math", 0, 1), ("code", 0, 9)]), (18, [("code", 0, 9), ("math", 0, 9)])],  # the second: code alone fills a call
)
def test_what_a_cut_off_call_left_is_drawn_again_where_calls_are_cut_otherwise(
    tiny_model, three, tmp_path, capsys, monkeypatch, batch, following
):
    from openqwq.evaluate.kept import Kept

    add, added = Kept.add, []

    def cut_off(self, *rest):
        if added:
            raise KeyboardInterrupt
        add(self, *rest)
        added.append((self.path.stem, *rest[:2]))

    monkeypatch.setattr(Kept, "add", cut_off)
    assert main(command(tiny_model, three, tmp_path / "cut", saving={"evaluate": 10})) == 130
    assert added == [("math", 0, 11)]  # and code, which is kept behind it, is not there
    monkeypatch.setattr(Kept, "add", lambda self, *rest: add(self, *rest) or added.append((self.path.stem, *rest[:2])))
    capsys.readouterr()
    other = {"generation_batch": batch, "saving": {"evaluate": 1}}
    assert main(command(tiny_model, three, tmp_path / "cut", **other)) == 0
    assert added[1:3] == following
    assert "completions 74/74" in capsys.readouterr().err
    made = of_all(tmp_path / "cut" / "out")
    assert len(made) == 74
    assert not made.duplicated(["problem_id", "sample"]).any()
