"""State folders: one process at a time, counted on after an interruption, gone once published."""

import errno
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from openqwq.artifacts.lineage import check
from openqwq.cli import main
from openqwq.errors import UserError
from openqwq.stage import Stage, forget_published
from openqwq.status import show
from openqwq.stopping import Stopped


def stage(tmp_path, **changes):
    settings = {"config": {}, "inputs": {}, "state_root": tmp_path / ".state", "seed": 1, "recipe_version": 1} | changes
    return Stage("coldstart", **settings)


def holder(tmp_path):
    """A process that holds the stage's state."""
    script = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from openqwq.stage import Stage
        state = Path({str(tmp_path / ".state")!r})
        stage = Stage("coldstart", config={{}}, inputs={{}}, state_root=state, seed=1, recipe_version=1)
        with stage.running():
            stage.progress.update("step", 1, 4, loss=0.5)
            stage.progress.update("step", 2, 4, loss=0.25)
            print("held", flush=True)
            time.sleep(60)
    """)
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_two_processes_never_work_on_one_state(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("")
    process = holder(tmp_path)
    try:
        with pytest.raises(UserError, match=f"process {process.pid}"), stage(tmp_path).running():
            pass
        with stage(tmp_path, seed=2).running():  # another fingerprint is another state
            pass
        show(str(tmp_path))
        assert "running      step 2/4  loss 0.25" in capsys.readouterr().out
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    show(str(tmp_path))
    assert "interrupted  step 2/4" in capsys.readouterr().out
    with stage(tmp_path).running() as again:
        assert json.loads((again.state / "progress.json").read_text())["step"] == 2


def test_a_failure_is_marked_and_the_state_kept(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("")
    with pytest.raises(RuntimeError), stage(tmp_path).running() as one:
        one.progress.update("step", 1, 4)
        raise RuntimeError
    show(str(tmp_path))
    assert "failed" in capsys.readouterr().out


def test_publishing_retires_the_state(tmp_path):
    one = stage(tmp_path)
    with one.running():
        one.progress.update("step", 4, 4)
        with one.publish_folder(tmp_path / "out") as folder:
            (folder / "a").write_text("1")
        (one.state / "saves").mkdir()
        one.retire(tmp_path / "out")
    assert not (one.state / "saves").exists()
    assert json.loads((tmp_path / "out" / "progress.json").read_text())["state"] == "done"


def test_finished_work_survives_an_engine_that_died_before_it_knew(tmp_path):
    one = stage(tmp_path)
    with one.running():
        assert not one.published_before(tmp_path / "out")
        with one.publish_folder(tmp_path / "out") as folder:
            (folder / "checkpoint").mkdir()
            (folder / "checkpoint" / "weights").write_text("1")
        one.retire(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")  # as the engine does with an output that it did not see completed
    again = stage(tmp_path)
    with again.running():
        assert again.published_before(tmp_path / "out")
        again.retire(tmp_path / "out")
    assert (tmp_path / "out" / "checkpoint" / "weights").read_text() == "1"
    check(tmp_path / "out")
    forget_published(tmp_path / ".state")
    assert not list((tmp_path / ".state").iterdir())
    with stage(tmp_path).running() as forced:
        assert not forced.published_before(tmp_path / "out"), "a forced rerun starts from nothing"


def test_another_configuration_never_takes_over_finished_work(tmp_path):
    one = stage(tmp_path)
    with one.running():
        with one.publish_folder(tmp_path / "out") as folder:
            (folder / "a").write_text("1")
        one.retire(tmp_path / "out")
    with stage(tmp_path, config={"x": 1}).running() as other:
        assert not other.published_before(tmp_path / "out")


def test_status_lists_sampled_traces(tmp_path, capsys):
    (tmp_path / "config.yaml").write_text("run: mine\n")
    one = Stage("sample_traces", config={}, inputs={}, state_root=tmp_path / ".state", seed=1, recipe_version=1)
    with one.running(), one.publish_folder(tmp_path / "sampled_traces") as folder:
        (folder / "x.json").write_text("{}")
    assert main(["status", str(tmp_path)]) == 0
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [["sampled_traces", "done"]]


def test_status_of_no_run_is_one_paragraph(tmp_path, capsys):
    assert main(["status", str(tmp_path / "none")]) == 2
    assert "no such run" in capsys.readouterr().err


def test_the_pause_of_an_interrupted_stage_does_not_count_as_work(tmp_path):
    one = stage(tmp_path)
    with pytest.raises(RuntimeError), one.running():
        one.progress.update("step", 1, 4)
        raise RuntimeError
    path = one.state / "progress.json"
    before = json.loads(path.read_text())
    path.write_text(json.dumps(before | {"started": before["started"] - 4000, "updated": before["updated"] - 3000}))
    with stage(tmp_path).running() as again:
        assert again.record(tmp_path)["wall_seconds"] == pytest.approx(1000, abs=30)


def test_a_look_at_the_status_never_stops_a_start(tmp_path):
    one = stage(tmp_path)
    one.state.mkdir(parents=True)
    with open(one.state / "lock", "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        threading.Timer(0.3, lambda: fcntl.flock(handle, fcntl.LOCK_UN)).start()
        with one.running():
            pass


def test_what_a_killed_attempt_left_half_written_is_gone_before_the_next(tmp_path):
    one = stage(tmp_path)
    (one.state / "rollouts").mkdir(parents=True)
    (one.state / "rollouts" / ".step-00001.parquet.x.part").touch()
    (one.state / "rollouts" / "step-00001.parquet").touch()
    (one.state / ".published.x.part").mkdir()
    with one.running():
        assert sorted(p.name for p in one.state.rglob("*")) == ["lock", "rollouts", "step-00001.parquet"]


def test_an_interruption_is_no_failure(tmp_path):
    one = stage(tmp_path)
    for error, state in ((Stopped, "interrupted"), (KeyboardInterrupt, "interrupted"), (ValueError, "failed")):
        with pytest.raises(error), one.running():
            raise error
        assert json.loads((one.state / "progress.json").read_text())["state"] == state


def test_a_broken_pipe_within_a_stage_is_never_taken_for_success(tmp_path, monkeypatch):
    def broken(options):
        raise BrokenPipeError

    monkeypatch.setattr("openqwq.comparing.report", broken)
    arguments = ["report", "--config", "{}", "--state", str(tmp_path), "--out", str(tmp_path / "o")]
    with pytest.raises(BrokenPipeError):
        main([*arguments, "--run-folder", str(tmp_path), "--lineage", str(tmp_path / "l"), "--figures", str(tmp_path / "f")])


def test_a_full_disk_is_a_failure_in_one_paragraph(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("openqwq.report.build.run", full)
    monkeypatch.setattr(Stage, "publish_json", lambda *_: None)
    arguments = ["report", "--config", "{}", "--state", str(tmp_path / "s"), "--out", str(tmp_path / "o")]
    arguments += ["--lineage", str(tmp_path / "l"), "--figures", str(tmp_path / "f")]
    assert main([*arguments, "--run-folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "report: no space is left where" in said
    assert "it resumes" in said
