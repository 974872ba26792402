"""`openqwq clean`: what is needed no more goes, what a stage could go on from stays, what is at work is not touched."""

import fcntl
import json
import os

import pytest

from openqwq.cli import main
from openqwq.stage import LOCK, Stage, forget_published

SIZE = 3_000_000


@pytest.fixture
def run(tmp_path):
    (tmp_path / "config.yaml").write_text("")
    return tmp_path


def stage(run, name="reason", seed=1):
    return Stage(name, config={}, inputs={}, state_root=run / ".state", seed=seed, recipe_version=1)


def interrupted(run, name="reason", seed=1, hours=0.0):
    """The state of an attempt that was killed after step 3 of 9, last at work `hours` ago."""
    one = stage(run, name, seed)
    with pytest.raises(KeyboardInterrupt), one.running():
        (one.state / "saves").mkdir()
        (one.state / "saves" / "weights").write_bytes(b"w" * SIZE)
        one.progress.update("step", 3, 9)
        raise KeyboardInterrupt
    path = one.state / "progress.json"
    progress = json.loads(path.read_text())
    path.write_text(json.dumps(progress | {"updated": progress["updated"] - 3600 * hours}))
    return one.state


def publish(run, name="reason", seed=1):
    one = stage(run, name, seed)
    with one.running(), one.publish_folder(run / name) as folder:
        (folder / "weights").write_bytes(b"w" * SIZE)
    return one


def clean(run, capsys, *options):
    assert main(["clean", str(run), *options]) == 0
    return capsys.readouterr().out


def test_interrupted_work_is_kept_until_it_is_asked_for(run, capsys):
    state = interrupted(run, hours=2)
    said = clean(run, capsys)
    assert "kept         3.0 MB  interrupted  " in said
    assert "step 3/9, 2h00m ago" in said
    assert "0.0 MB freed" in said
    assert "--all-interrupted removes it too" in said
    assert state.exists()
    assert "3.0 MB freed" in clean(run, capsys, "--all-interrupted")
    assert not state.exists()


def test_state_of_what_is_published_goes(run, capsys):
    state = interrupted(run)
    publish(run)
    said = clean(run, capsys, "--dry-run")
    assert f"would go     3.0 MB  retired      {state.name}  published as reason" in said
    assert "3.0 MB would be freed" in said
    assert state.exists()
    assert "3.0 MB freed" in clean(run, capsys)
    assert not state.exists()
    assert (run / "reason" / "weights").stat().st_size == SIZE


def test_state_that_another_configuration_has_overtaken_goes(run, capsys):
    state = interrupted(run, seed=1, hours=1)
    other = interrupted(run, "coldstart", hours=1)
    publish(run, seed=2)
    said = clean(run, capsys)
    assert "superseded   " + state.name + "  reason is newer, of fingerprint " in said
    assert not state.exists()
    assert other.exists(), "another stage's state is another matter"


def test_work_that_is_newer_than_what_is_published_stays(run, capsys):
    publish(run, seed=2)
    state = interrupted(run, seed=1, hours=-1)
    assert "interrupted" in clean(run, capsys)
    assert state.exists()


def test_of_two_interrupted_configurations_the_last_worked_on_stays(run, capsys):
    old, new = interrupted(run, seed=1, hours=5), interrupted(run, seed=2, hours=1)
    assert f"{new.name} was worked on later" in clean(run, capsys)
    assert (old.exists(), new.exists()) == (False, True)


def test_state_at_work_is_never_touched(run, capsys):
    state = interrupted(run)
    publish(run)
    with open(state / LOCK, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "in use" in clean(run, capsys, "--all-interrupted")
    assert (state / "saves" / "weights").exists()


def test_a_finished_copy_whose_output_is_gone_is_work_and_stays(run, capsys):
    one = publish(run)
    with one.running():
        one.retire(run / "reason")
    assert "retired" in clean(run, capsys, "--dry-run")
    os.rename(run / "reason", run / "gone")
    (run / "gone" / "manifest.json").unlink()
    assert "finished, but not in its place" in clean(run, capsys)
    assert (one.state / "published" / "weights").exists()


def test_no_state_and_no_run(run, capsys):
    assert "nothing to remove" in clean(run, capsys)
    assert main(["clean", str(run / "none")]) == 2
    assert "no such run" in capsys.readouterr().err


def test_what_no_stage_has_made_is_named_and_left_alone(run, capsys):
    state = interrupted(run, hours=5)
    root = state.parent
    copy = f"{state.name}-before"  # a copy that somebody has put by
    for name in (copy, "reason-notes", "my-own", "reason-0123456789ab"):  # the last has a stage's name, and no lock
        (root / name).mkdir()
        (root / name / "weights").write_bytes(b"w")
    (root / "reason-fedcba987654").symlink_to(run)
    (root / "todo-list").write_text("")
    before = {path: sorted(path.iterdir()) for path in root.iterdir() if path.is_dir()}
    publish(run)
    said = clean(run, capsys, "--all-interrupted")
    assert not state.exists()
    assert f"kept                 foreign      {copy}  not made by a stage; left alone" in said
    assert said.count("foreign") == 6
    assert all(
        sorted(path.iterdir()) == files for path, files in before.items() if path not in (state, root / "reason-fedcba987654")
    )
    assert (run / "reason" / "weights").exists()
    assert "nothing to remove" in clean(run, capsys, "--all-interrupted")


def test_foreign_folders_do_not_disturb_the_status_or_the_end_of_a_run(run, capsys):
    one = publish(run)
    with one.running():
        one.retire(run / "reason")
    theirs = run / ".state" / "somebody's"
    (theirs / "published").mkdir(parents=True)
    (theirs / "progress.json").write_text('{"step": 1, "started": 0, "updated": 0}')
    forget_published(run / ".state")
    assert not one.state.exists()
    assert (theirs / "published").exists()
    assert main(["status", str(run)]) == 0


@pytest.mark.parametrize("content", [b"{}", b"\xff\xfe", b"[1]", b'{"step": 3}'])
def test_a_damaged_progress_file_stops_nothing(run, capsys, content):
    state = interrupted(run)
    (state / "progress.json").write_bytes(content)
    assert main(["status", str(run)]) == 0
    assert "interrupted" in clean(run, capsys)
    publish(run)
    assert (run / "reason" / "weights").exists()
