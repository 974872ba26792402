"""Requests to stop: at once, noted, or passed on to the part that can be thrown away."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime

import pytest

from openqwq.cli import main
from openqwq.errors import UserError
from openqwq.stopping import MARGIN, STOPPED, Stopped, Stopping, parse_deadline


def ask(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_ends_what_is_not_shielded_at_once(number):
    with pytest.raises(Stopped, match=f"stopped by {number.name}"), Stopping().listening():
        ask(number)
        pytest.fail("went on")
    assert signal.getsignal(number) == signal.SIG_DFL


def test_an_ordinary_handler_of_errors_does_not_swallow_it():
    with pytest.raises(Stopped), Stopping().listening():
        try:
            ask()
        except Exception:  # noqa: BLE001
            pytest.fail("swallowed")


def test_a_shielded_part_only_notes_it_and_an_exposed_one_within_ends():
    done = []
    with pytest.raises(Stopped), Stopping().listening() as stopping, stopping.shielded():
        ask()
        done.append(stopping.asked)
        with stopping.exposed():
            done.append("exposed")
    assert done == ["SIGTERM"]
    with pytest.raises(Stopped), Stopping().listening() as stopping, stopping.shielded(), stopping.exposed():
        ask()
        pytest.fail("went on")


def test_exposed_parts_that_others_depend_on_are_shielded_too():
    with Stopping().listening() as stopping, stopping.shielded():
        stopping.interruptible = False
        with stopping.exposed():
            ask()
        assert stopping.asked == "SIGTERM"
        with pytest.raises(Stopped):
            stopping.check()


def test_a_second_request_does_not_disturb_the_end_that_the_first_began():
    ended = []
    with pytest.raises(Stopped), Stopping().listening():
        try:
            ask()
        finally:
            ask(signal.SIGUSR1)
            ended.append(True)
    assert ended


def test_a_request_that_a_library_swallows_is_made_again():
    """As Python's compiler does, and C code that clears errors it did not expect."""
    with pytest.raises(Stopped, match="stopped by SIGTERM"), Stopping().listening():
        for _ in range(2):
            try:
                ask()
                time.sleep(5)
                pytest.fail("went on")
            except Stopped:
                pass
        time.sleep(5)
        pytest.fail("went on")


def test_an_end_that_takes_long_is_left_alone():
    ended = []
    with pytest.raises(Stopped, match="after step 3"), Stopping().listening() as stopping:
        try:
            try:
                with stopping.shielded(), stopping.exposed():
                    ask()
            except Stopped:
                time.sleep(0.5)
                raise stopping.stopped("after step 3") from None
        finally:
            time.sleep(0.5)
            ended.append(True)
    assert ended


def test_an_end_that_a_stage_began_itself_is_left_alone():
    """As training does: the request was noted, the step ended, the save is made."""
    ended = []
    with pytest.raises(Stopped, match="after step 3"), Stopping().listening() as stopping:
        with stopping.shielded():
            ask(signal.SIGUSR1)
        try:
            raise stopping.stopped("after step 3")
        finally:
            ask()
            time.sleep(0.5)
            ended.append(True)
    assert ended


def test_a_request_while_it_begins_to_listen_leaves_nothing_behind(monkeypatch):
    class Starting(threading.Thread):
        def start(self):
            super().start()
            ask()

    monkeypatch.setattr(threading, "Thread", Starting)
    threads = threading.active_count()
    with pytest.raises(Stopped), Stopping().listening():
        pytest.fail("began")
    assert threading.active_count() == threads
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_deadline_ends_it_in_time():
    begun = time.time()
    with pytest.raises(Stopped, match="stopped by the deadline"), Stopping(begun + MARGIN + 0.3).listening() as stopping:
        assert 0 < stopping.left() < 0.4
        while time.time() < begun + MARGIN + 5:
            time.sleep(0.01)
    assert time.time() < begun + MARGIN


def test_without_a_deadline_there_is_all_the_time():
    assert Stopping().left() == float("inf")


def test_deadlines_are_read_in_three_forms():
    assert parse_deadline("1789000000") == 1789000000
    assert parse_deadline("+60") == pytest.approx(time.time() + 60, abs=5)
    assert parse_deadline("2027-01-31T18:00:00+01:00") == 1801414800
    assert parse_deadline("2027-01-31T18:00") == datetime(2027, 1, 31, 18).timestamp()
    assert parse_deadline(None) is None
    assert parse_deadline("") is None


@pytest.mark.parametrize("text", ["soon", "+", "+later", "2027-13-01", "12:00", "nan", "+nan", "inf", "+inf"])
def test_what_is_no_point_in_time_is_named(text):
    with pytest.raises(UserError, match=r"no point in time\. Give \+SECONDS"):
        parse_deadline(text)


def test_a_stage_whose_deadline_has_passed_does_nothing_and_says_try_again(tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    arguments = ["import-model", "--config", '{"type": "random"}', "--state", str(tmp_path / ".state"), "--out", str(out)]
    monkeypatch.setenv("OPENQWQ_DEADLINE", "+0")
    assert main(arguments) == STOPPED
    assert capsys.readouterr().err.splitlines()[-1] == (
        "openqwq: stopped by the deadline. What was saved is kept; the same command goes on from there."
    )
    assert not out.exists()
    monkeypatch.setenv("OPENQWQ_DEADLINE", "whenever")
    assert main(arguments) == 2


def test_work_goes_on_when_nobody_reads_the_log_any_more(tmp_path):
    """A signal to the group ends `tee` before the stage has saved."""
    done = tmp_path / "done"
    code = f"""
import pathlib
from openqwq.progress import tell
tell('a')
input()
tell('b')
tell('c')
pathlib.Path({str(done)!r}).touch()
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr.readline() == b"a\n"
    process.stderr.close()
    process.stdin.write(b"\n")
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    assert done.exists()
