"""The parent's side of one worker process: start it, hand it an item, kill it with all that it started."""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from openqwq.verify.item import Item
from openqwq.verify.verdict import Verdict

PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
CLOSE_SECONDS = 5.0
LOOK = 0.2  # seconds between two looks at whether to give up
LOADING_SECONDS = 120.0  # importing sympy on a busy machine; not counted against the item


class OutOfTime(Exception):
    """The item's wall time is over; `phase` is what the worker last said it was doing."""

    def __init__(self, phase: str) -> None:
        super().__init__(phase)
        self.phase = phase


class Failed(Exception):
    """The verifier raised, or the worker ended without an answer; `phase` as in `OutOfTime`."""

    def __init__(self, what: str, phase: str) -> None:
        super().__init__(what)
        self.phase = phase


class Died(Exception):
    """The worker ended."""


class GivenUp(Exception):
    """Nobody waits for the verdict any more."""


class WorkerProcess:
    """A process that runs `openqwq.verify.worker`, in a session of its own. `leaving()` says that nobody waits any more."""

    def __init__(self, leaving: Callable[[], bool] = lambda: False) -> None:
        self.leaving = leaving
        self.socket, theirs = socket.socketpair()
        with theirs:
            environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [PACKAGE_ROOT, os.environ.get("PYTHONPATH")]))}
            self.process = subprocess.Popen(
                [sys.executable, "-m", "openqwq.verify.worker", str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env=environment,
            )
        self.buffer = b""

    def judge(self, item: Item, seconds: float) -> Verdict:
        """Sends the item and waits. Raises `OutOfTime`, `Failed` or `GivenUp`; after each the worker is of no more use."""
        request = json.dumps([item.id, item.verifier, item.reference, item.completion, seconds]).encode() + b"\n"
        phase, spent, since = "start", 0.0, time.monotonic()
        self.socket.settimeout(max(seconds, LOADING_SECONDS))
        try:
            self.socket.sendall(request)
        except OSError as error:
            raise Failed(f"the worker {self._end()}", phase) from error
        while True:
            bound = LOADING_SECONDS if phase in ("start", "loading") else seconds - spent
            try:
                line = self._line(since + bound)
            except Died as death:
                raise Failed(f"the worker {death}", phase) from death
            now = time.monotonic()
            if line is None:
                raise OutOfTime(phase)
            answer = json.loads(line)
            if "verdict" in answer:
                return Verdict(*answer["verdict"])
            if "fault" in answer:
                raise Failed(answer["fault"], phase)
            if phase not in ("start", "loading"):
                spent += now - since
            phase, since = answer["phase"], now

    def _line(self, deadline: float) -> bytes | None:
        """The next line from the worker without its end, or None at the deadline."""
        while b"\n" not in self.buffer:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            if self.leaving():
                raise GivenUp
            if not select.select([self.socket], [], [], min(left, LOOK))[0]:
                continue
            try:
                chunk = self.socket.recv(1 << 16)
            except OSError as error:
                raise Died(self._end()) from error
            if not chunk:
                raise Died(self._end())
            self.buffer += chunk
        line, _, self.buffer = self.buffer.partition(b"\n")
        return line

    def _end(self) -> str:
        """How the process ended, for people."""
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "closed its connection"
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def close(self) -> None:
        """Lets an idle worker end by itself, so that it ends its own sandbox; kills it where it does not."""
        self.socket.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=CLOSE_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kills the worker and its process group, and reaps it. Sandboxes that it started die with it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.socket.close()
