"""`openqwq samples`: which tables and rows are printed, and what a person reads when there are none."""

import shutil
from pathlib import Path

import pytest

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import SAMPLE, SCORE
from openqwq.cli import main


def sample(number, verdict, text="because \x1b[2J \\boxed{4}"):
    return {
        "problem_id": f"p{number}", "domain": "math", "sample": 0, "prompt": "2 + 2?", "text": text, "tokens": 9,
        "finish_reason": "stop", "verifier": "math", "reference": '{"answer": "4"}', "verdict": verdict,
        "score": 1.0 if verdict == "correct" else 0.0, "reason": "why", "rewards": [], "seconds": 0.0, "vote": None,
        "mixed": False, "touched": None,
    }  # fmt: skip


@pytest.fixture
def run(tmp_path):
    for stage in ("coldstart", "reason"):
        folder = tmp_path / "run" / "evaluate" / stage
        for benchmark in ("math", "code"):
            rows = [sample(i, "correct" if i % 2 else "incorrect") for i in range(6)]
            write_table(folder / f"{benchmark}.parquet", rows, SAMPLE)
        write_table(folder / "scores.parquet", [], SCORE)
    return str(tmp_path / "run")


def test_stage_benchmark_and_verdict_choose(run, capsys):
    assert main(["samples", run, "--stage", "reason", "--benchmark", "math", "--verdict", "incorrect", "--n", "2"]) == 0
    said = capsys.readouterr().out
    assert "reason on math: 6 rows, 3 of them asked for" in said
    assert [f"problem_id p{i}" in said for i in range(5)] == [True, False, True, False, False]
    assert "\x1b[2J" not in said
    assert "code" not in said


def test_what_a_killed_job_left_is_no_stage(run, capsys):
    folder = Path(run) / "evaluate"
    shutil.copytree(folder / "reason", folder / ".general.x1.part")
    assert main(["samples", run, "--n", "1"]) == 0
    assert "general" not in capsys.readouterr().out


def test_without_options_every_table_is_shown(run, capsys):
    assert main(["samples", run, "--n", "1"]) == 0
    said = capsys.readouterr().out
    assert [said.count(f"{stage} on {b}: 6 rows\n") for stage in ("coldstart", "reason") for b in ("math", "code")] == [1] * 4
    assert "scores" not in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--stage", "general"], "--stage general: not in .*There are coldstart, reason"),
        (["--benchmark", "aime24"], "--benchmark aime24: not in .*There are code, math"),
        (["--n", "0"], "at least 1"),
    ],
)
def test_what_is_not_there_is_named(run, capsys, options, message):
    assert main(["samples", run, *options]) == 2
    import re

    assert re.search(message, capsys.readouterr().err)


def test_a_run_that_was_not_evaluated(tmp_path, capsys):
    assert main(["samples", str(tmp_path)]) == 2
    assert "no run that was evaluated" in capsys.readouterr().err
    (tmp_path / "evaluate").mkdir()
    assert main(["samples", str(tmp_path)]) == 2
    assert "no samples here yet" in capsys.readouterr().err
