"""A pool that is left by an exception, as when a stage is asked to stop: it waits for nothing and leaves nothing."""

import json
import os
import time
from pathlib import Path

import pytest
from test_verify_pool import all_below

from openqwq.verify import Item, VerifierPool
from openqwq.verify.workerprocess import GivenUp

REFERENCE = json.dumps({"style": "stdio", "time_limit_s": 15, "tests": [{"input": "", "output": "1"}]})


class Asked(BaseException):
    """A stage is asked to stop."""


def items(code, count):
    return [Item(str(n), "code", REFERENCE, f"```\n{code}\n```") for n in range(count)]


def alive(pid):
    """Whether a process is at work; one that waits to be reaped by init is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_queue_of_minutes_is_given_up_at_once_with_workers_and_sandboxes():
    before = all_below(os.getpid())
    with pytest.raises(Asked), VerifierPool(workers=2) as pool:
        pool.judge(items("print(1)", 4))
        waiting = pool.submit(items("while True: pass", 30))
        time.sleep(0.5)
        below = all_below(os.getpid()) - before
        started = time.monotonic()
        raise Asked
    assert time.monotonic() - started < 1.0
    assert len(below) >= 6  # two workers, each with bubblewrap, its inner process and a zygote
    deadline = time.monotonic() + 5
    while any(map(alive, below)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, below))
    with pytest.raises(GivenUp):  # nobody who asks afterwards waits for ever
        waiting.result()
    with pool:
        assert pool.judge(items("print(1)", 1))[0].verdict.outcome == "correct", "it can be entered again"


def test_a_pool_that_is_left_in_peace_finishes_what_was_handed_in():
    with VerifierPool(workers=1) as pool:
        pending = pool.submit(items("print(1)", 3))
    assert [judged.verdict.outcome for judged in pending.result()] == ["correct"] * 3
