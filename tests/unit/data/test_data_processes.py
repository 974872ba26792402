"""Processes of a stage: they end with it, and one that is killed ends it with a sentence."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from openqwq.data.processes import each
from openqwq.errors import StageFailure

FOREVER = """
import time
from openqwq.data.processes import each
if __name__ == "__main__":
    list(each(time.sleep, [600, 600], 2))
"""


def double(number):
    return number if number is None else 2 * number


def ended(_):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize("workers", [0, 1, 2, 9])
def test_results_come_in_the_order_of_the_jobs(workers):
    assert list(each(double, [3, 1, 2], workers)) == [6, 2, 4]
    assert list(each(double, [], workers)) == []


def test_a_killed_process_is_said_in_a_sentence():
    with pytest.raises(StageFailure, match="was killed from outside"):
        list(each(ended, [1, 2], 2))


def alive(mark):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            content, state = (process / "environ").read_bytes(), (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if mark in content.split(b"\0") and state != "Z":
            found.append(int(process.name))
    return found


def test_nobody_outlives_a_killed_stage(tmp_path):
    (tmp_path / "forever.py").write_text(FOREVER)
    mark = f"OPENQWQ_MARK={tmp_path}"
    process = subprocess.Popen([sys.executable, tmp_path / "forever.py"], env={**os.environ, "OPENQWQ_MARK": str(tmp_path)})
    while len(alive(mark.encode())) < 4:  # itself, two workers, the tracker of their semaphores
        assert process.poll() is None
        time.sleep(0.05)
    process.kill()
    process.wait()
    patience = time.monotonic() + 20
    while left := alive(mark.encode()):
        assert time.monotonic() < patience, left
        time.sleep(0.05)
