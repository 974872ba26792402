"""Damaged saves, a full disk, and a kill in the middle of a save, with the real commands."""

import os
import shutil
import signal
import subprocess

import pytest
from soak_stage import StageRun, signal_group

SEAL = "openqwq-save.json"


def two_saves(run):
    """Kills an attempt once it has two sealed saves; returns them, the newest last."""
    process = run.start()
    run.wait_for(lambda: sum((s / SEAL).exists() for s in run.saves()) >= 2, process)
    signal_group(process, signal.SIGKILL)
    process.join()
    for save in run.saves():
        if not (save / SEAL).exists():
            shutil.rmtree(save)
    return sorted(run.saves(), key=lambda path: int(path.name.split("-")[1]))


def cut(path):
    with open(path, "r+b") as handle:
        handle.truncate(path.stat().st_size // 2)


def flip(path):
    with open(path, "r+b") as handle:
        handle.seek(path.stat().st_size // 2)
        byte = handle.read(1)[0]
        handle.seek(-1, os.SEEK_CUR)
        handle.write(bytes([byte ^ 1]))


@pytest.mark.parametrize(("damage", "file"), [(cut, "optimizer.pt"), (flip, "model.safetensors")])
def test_a_damaged_last_save_is_found_out_and_the_one_before_used(inputs, whole, tmp_path, damage, file):
    run = StageRun("sft", inputs, tmp_path / "run")
    before, last = two_saves(run)
    damage(last / file)
    assert run.finish() == 0, run.said()
    assert f"save {last.name} is not whole ({file} has changed); removed" in run.said()
    assert f"resuming from step {before.name.split('-')[1]}," in run.said()
    assert run.made() == whole["sft"]


def test_a_kill_while_a_save_is_written_leaves_the_one_before(inputs, whole, tmp_path):
    run = StageRun("sft", inputs, tmp_path / "run")
    process = run.start()
    run.wait_for(lambda: len(run.saves()) >= 2 and any(not (s / SEAL).exists() for s in run.saves()), process)
    os.kill(process.pid, signal.SIGSTOP)  # else the moment has passed before the next line
    torn = [save.name for save in run.saves() if not (save / SEAL).exists()]
    signal_group(process, signal.SIGKILL)
    process.join()
    assert run.finish() == 0, run.said()
    for name in torn:
        assert f"save {name} is not whole (it was interrupted)" in run.said()
    assert run.made() == whole["sft"]


def test_a_kill_after_publishing_and_before_the_state_is_gone_loses_nothing(inputs, whole, tmp_path):
    run = StageRun("sft", inputs, tmp_path / "run")
    process = run.start()
    run.wait_for(run.out.exists, process)
    signal_group(process, signal.SIGKILL)
    process.join()
    shutil.rmtree(run.out)  # the workflow engine does so with an output that it did not see completed
    assert run.finish() == 0, run.said()
    assert run.made() == whole["sft"]


def test_no_more_saves_stay_than_asked_for(inputs, tmp_path):
    run = StageRun("sft", inputs, tmp_path / "run")
    process = run.start()
    run.wait_for(lambda: run.step() >= 10, process)
    signal_group(process, signal.SIGKILL)
    process.join()
    assert len([save for save in run.saves() if (save / SEAL).exists()]) in (2, 3), "two, and a third while it is written"


def test_a_resumed_stage_saves_as_often_as_it_is_told_now(inputs, whole, tmp_path):
    rare = {"saving": {"coldstart": 8, "keep": 2}}
    run = StageRun("sft", inputs, tmp_path / "run", **rare)
    process = run.start()
    run.wait_for(lambda: any((s / SEAL).exists() for s in run.saves()), process)
    signal_group(process, signal.SIGKILL)
    process.join()
    often = StageRun("sft", inputs, tmp_path / "run")
    process = often.start()
    often.wait_for(lambda: any(s.name == "checkpoint-10" and (s / SEAL).exists() for s in often.saves()), process)
    signal_group(process, signal.SIGKILL)
    process.join()
    assert often.finish() == 0, often.said()
    assert often.made() == whole["sft"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 4 MB, too small for two saves and a third."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no right to mount a file system here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_ends_the_stage_in_one_paragraph_and_leaves_the_last_good_state(inputs, whole, tmp_path, small_disk):
    run = StageRun("sft", inputs, small_disk / "run")
    run.log = tmp_path / "log.txt"
    (small_disk / "run" / ".state").mkdir()
    filler = small_disk / "filler"
    process = run.start()
    run.wait_for(lambda: sum((s / SEAL).exists() for s in run.saves()) >= 2, process)
    with open(filler, "wb") as handle:  # somebody else fills the disk meanwhile
        while os.statvfs(small_disk).f_bavail > 2:
            handle.write(b"x" * 4096)
            handle.flush()
    process.join(60)
    assert process.exitcode == 1, run.said()
    last = run.said().strip().splitlines()[-1]
    assert last.startswith("openqwq: ")
    assert "Traceback" not in run.said()
    assert "start" in last
    assert "again: it resumes" in last
    saves = run.saves()
    assert saves
    assert all((save / SEAL).exists() for save in saves), "what could not be written whole is removed"
    filler.unlink()
    run.finish()
    assert "resuming from step " in run.said()
    assert run.made() == whole["sft"]
