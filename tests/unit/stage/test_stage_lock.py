"""One process at a time on a state, also where nodes of a cluster share it: flock, who is written in the lock, and squeue."""

import fcntl
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pytest

from openqwq.cli import main
from openqwq.errors import UserError
from openqwq.lock import LOCK, Owner, held, looked_at
from openqwq.stage import Stage

ELSEWHERE = Owner(17, "gpu7", "another-boot", "41")


@pytest.fixture
def squeue(tmp_path, monkeypatch):
    """A squeue that answers with the lines of a file, one a call, the last one for ever; `INVALID` is a job it knows no more."""
    folder = tmp_path / "bin"
    folder.mkdir()
    answers = tmp_path / "answers"
    tool = folder / "squeue"
    tool.write_text(
        f"""#!/bin/sh
line=$(head -n 1 {answers})
[ "$(wc -l < {answers})" = 1 ] || sed -i 1d {answers}
[ "$line" != INVALID ] || {{ echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }}
[ "$line" != DOWN ] || {{ echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }}
[ -z "${{SQUEUE_STATES:-}}" ] || exit 0
if [ "$2" = --jobs ]; then echo "$3 $line"; else echo "$line"; fi
"""
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return lambda *lines: answers.write_text("".join(f"{line}\n" for line in lines))


def left_by(folder, owner):
    (folder / LOCK).write_text(json.dumps(asdict(owner)))


def test_who_holds_it_is_written_and_gone_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SLURM_JOB_ID", "41")
    with held(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text()) == asdict(Owner.here())
        assert (Owner.here().pid, Owner.here().job) == (os.getpid(), "41")
        with looked_at(tmp_path) as owner:
            assert owner == Owner.here()
    assert (tmp_path / LOCK).read_text() == ""
    with looked_at(tmp_path) as owner:
        assert owner is None


def test_a_second_start_on_this_machine_is_refused_and_told_how_to_end_the_first(tmp_path, squeue):
    squeue("RUNNING")  # a cluster that is up on this machine may have had a job 41 of its own
    code = "import sys, time; from pathlib import Path; from openqwq.lock import held\n"
    code += "with held(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    first = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=os.environ | {"SLURM_JOB_ID": "41"}
    )
    assert first.stdout.readline() == "held\n"
    with pytest.raises(UserError, match=rf"process {first.pid} on \S+ \(Slurm job 41\) is at work.*scancel 41"), held(tmp_path):
        pass
    first.kill()  # nothing is tidied up
    first.wait()
    assert (tmp_path / LOCK).read_text() != ""
    with held(tmp_path):
        pass


@pytest.mark.parametrize("state", ["RUNNING", "SUSPENDED"])
def test_a_job_that_lives_on_another_node_keeps_its_state_though_the_flock_is_free(tmp_path, squeue, state):
    squeue(state)
    left_by(tmp_path, ELSEWHERE)
    with pytest.raises(UserError, match=r"process 17 on gpu7 \(Slurm job 41\) is at work .*scancel 41"), held(tmp_path):
        pass
    assert json.loads((tmp_path / LOCK).read_text()) == asdict(ELSEWHERE)


def test_settings_of_squeue_that_would_hide_the_job_are_not_asked(tmp_path, squeue, monkeypatch):
    squeue("RUNNING")
    monkeypatch.setenv("SQUEUE_STATES", "PENDING")
    left_by(tmp_path, ELSEWHERE)
    with pytest.raises(UserError, match=r"Slurm job 41\) is at work"), held(tmp_path):
        pass


def test_of_an_array_the_job_itself_counts_and_not_the_first_that_waits(tmp_path, squeue):
    """The array's number is that of one of its jobs too, and squeue lists them all."""
    answers = tmp_path / "bin" / "squeue"
    answers.write_text("#!/bin/sh\necho 44 PENDING\necho 41 RUNNING\necho 43 RUNNING\n")
    left_by(tmp_path, ELSEWHERE)
    with pytest.raises(UserError, match=r"Slurm job 41\) is at work"), held(tmp_path):
        pass
    answers.write_text("#!/bin/sh\necho 44 PENDING\necho 43 RUNNING\n")
    with held(tmp_path):
        pass


@pytest.mark.parametrize("state", ["INVALID", "COMPLETED", "FAILED", "NODE_FAIL", "TIMEOUT", "PENDING"])
def test_a_job_that_has_ended_leaves_its_state_to_the_next(tmp_path, squeue, state):
    squeue(state)
    left_by(tmp_path, ELSEWHERE)
    with held(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text()) == asdict(Owner.here())


def test_a_job_that_is_just_ending_is_waited_for(tmp_path, squeue):
    squeue(*["COMPLETING"] * 14, "INVALID")
    left_by(tmp_path, ELSEWHERE)
    begun = time.monotonic()
    with held(tmp_path):
        assert time.monotonic() - begun > 1


def test_a_job_that_slurm_starts_again_takes_up_its_own_state(tmp_path, squeue, monkeypatch):
    squeue("RUNNING")
    monkeypatch.setenv("SLURM_JOB_ID", ELSEWHERE.job)
    left_by(tmp_path, ELSEWHERE)
    with held(tmp_path):
        pass


@pytest.mark.parametrize("owner", [ELSEWHERE, replace(ELSEWHERE, job="")])
def test_what_cannot_be_seen_from_here_is_refused_with_a_way_out_that_works(tmp_path, squeue, owner):
    squeue("DOWN")
    left_by(tmp_path, owner)
    with pytest.raises(UserError, match=r"cannot be seen from here.*remove .*/lock, then start again"), held(tmp_path):
        pass
    (tmp_path / LOCK).unlink()
    with held(tmp_path):
        pass


def test_a_lock_of_an_earlier_version_or_half_written_stops_nobody(tmp_path):
    for text in (b"1234", b'{"pid": 1', b"[]", b"\xff\xfe"):
        (tmp_path / LOCK).write_bytes(text)
        with held(tmp_path):
            pass


def interrupted(run, monkeypatch, job):
    monkeypatch.setenv("SLURM_JOB_ID", job)
    one = Stage("reason", config={}, inputs={}, state_root=run / ".state", seed=1, recipe_version=1)
    with pytest.raises(RuntimeError), one.running():
        one.progress.update("step", 3, 8)
        raise RuntimeError
    monkeypatch.delenv("SLURM_JOB_ID")
    return one


def test_status_shows_job_and_state_and_what_waits(tmp_path, squeue, monkeypatch, capsys):
    (tmp_path / "config.yaml").write_text("run: mine\n")
    one = interrupted(tmp_path, monkeypatch, "40")
    queue = f"42|PENDING|Resources||rule_evaluate_checkpoint_wildcards_base|{tmp_path.parent}"
    squeue(queue)
    assert main(["status", str(tmp_path)]) == 0
    reason, waiting = capsys.readouterr().out.splitlines()
    assert reason.startswith("reason ")
    assert "failed" in reason
    assert reason.endswith("job 40")
    assert waiting.split() == ["queue", "PENDING", "evaluate_checkpoint", "base", "job", "42", "Resources"]
    left_by(one.state, ELSEWHERE)
    squeue("RUNNING", "RUNNING", queue.replace(str(tmp_path.parent), "/somewhere/else"))
    assert main(["status", str(tmp_path)]) == 0
    (reason,) = capsys.readouterr().out.splitlines()
    assert "running" in reason
    assert reason.endswith("job 41 RUNNING on gpu7")


def test_clean_leaves_the_state_of_a_job_on_another_node(tmp_path, squeue, monkeypatch, capsys):
    (tmp_path / "config.yaml").write_text("run: mine\n")
    one = interrupted(tmp_path, monkeypatch, "40")
    left_by(one.state, ELSEWHERE)
    squeue("RUNNING")
    assert main(["clean", str(tmp_path), "--all-interrupted"]) == 0
    assert "by process 17 on gpu7 (Slurm job 41)" in capsys.readouterr().out
    assert one.state.exists()


def test_an_flock_whose_owner_wrote_nothing_still_counts(tmp_path):
    with open(tmp_path / LOCK, "a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="is at work on this state"), held(tmp_path):
            pass
