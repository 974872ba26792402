"""Being asked to end: by SIGTERM or SIGUSR1 (schedulers send one before they kill), or by a deadline that comes near.

A stage that is asked ends where nothing is lost, and the command's exit code is then `STOPPED`: start it again.

Ordinarily a request ends the stage at once, by an exception in the main thread: what is finished is on disk already, since
every file appears whole or not at all. A part that would lose work by it is *shielded*: there a request is only noted, and
the part looks at `asked` where it can stop well. Within a shielded part, what can be thrown away is *exposed* again.

An exception out of a signal's handler can be lost: Python's compiler, and C code in libraries, clear errors that they did not
expect. One that is gone while the work still runs is raised again.
"""

import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from weakref import WeakSet

from openqwq.errors import UserError

STOPPED = 75  # sysexits.h: EX_TEMPFAIL, "the user is invited to retry"
SIGNALS = (signal.SIGTERM, signal.SIGUSR1)
MARGIN = 3.0  # seconds that a process needs to unwind and end
LOOK = 0.2  # seconds between two looks at the clock


class Stopped(BaseException):
    """The stage ended because it was asked to. Not an `Exception`, so that no handler of errors takes it for one."""


class Stopping:
    """The requests that one command has received. `deadline` is in seconds since 1970, or None.

    `margin` is how many seconds before the deadline work must end; whoever has much to write raises it.
    """

    def __init__(self, deadline: float | None = None) -> None:
        self.deadline, self.margin = deadline, MARGIN
        self.asked = ""  # by what: empty, a signal's name, or "the deadline"
        self.interruptible = True  # False: exposed parts are shielded like the rest
        self._shielded = False
        self._ends: WeakSet[Stopped] = WeakSet()  # exceptions on their way, or being handled
        self._begun = False  # whether there has been one

    @contextmanager
    def listening(self) -> Iterator["Stopping"]:
        """Takes requests for as long as the block runs. Only the main thread may call this.

        Raises `Stopped` where the deadline has come already.
        """
        if self.left() <= 0:
            self.asked = "the deadline"
            self.check()
        self._shielded = True  # until all that is begun here is sure to be undone
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        over = threading.Event()
        watch = threading.Thread(target=self._watch, args=(over, threading.get_ident()), daemon=True)
        watch.start()
        try:
            self._shielded = False
            self.check()
            yield self
        finally:
            self._shielded = True  # what comes now comes too late to stop anything
            over.set()
            watch.join()
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Requests are only noted in the block."""
        yield from self._with(True)

    @contextmanager
    def exposed(self) -> Iterator[None]:
        """Requests end the block at once, also one that came before it, unless `interruptible` says that they may not."""
        yield from self._with(not self.interruptible)

    def left(self) -> float:
        """Seconds until work must end; infinite without a deadline."""
        return float("inf") if self.deadline is None else self.deadline - self.margin - time.time()

    def check(self) -> None:
        """Raises `Stopped` if a request has come."""
        if self.asked:
            raise self.stopped(f"stopped by {self.asked}")

    def stopped(self, text: str) -> Stopped:
        """The exception to raise, which begins the end; until it is handled no other request disturbs that."""
        error = Stopped(text)
        self._ends.add(error)
        self._begun = True
        return error

    def _with(self, shielded: bool) -> Iterator[None]:
        before, self._shielded = self._shielded, shielded
        try:
            if not shielded:
                self.check()
            yield
        finally:
            self._shielded = before
        if not shielded:
            self.check()

    def _on_signal(self, number: int, _frame: Any) -> None:
        self.asked = self.asked or signal.Signals(number).name
        if not self._shielded and not len(self._ends):  # a second request disturbs no end that has begun
            self.check()

    def _lost(self) -> bool:
        """Whether the end was begun, and something has swallowed it."""
        return self._begun and not self._shielded and not len(self._ends)

    def _watch(self, over: threading.Event, main: int) -> None:
        while not over.wait(LOOK):
            if (late := not self.asked and self.left() <= 0) or self._lost():
                self.asked = "the deadline" if late else self.asked
                signal.pthread_kill(main, signal.SIGUSR1)  # the exception must rise in the main thread


def parse_deadline(text: str | None) -> float | None:
    """Seconds since 1970 from `+SECONDS` (from now), seconds since 1970, or an ISO date and time (local without an offset).

    None or empty: no deadline. Raises `UserError` for anything else.
    """
    if not text:
        return None
    try:
        if text.startswith("+"):
            return time.time() + _finite(float(text[1:]))
        try:
            return _finite(float(text))
        except ValueError:
            return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise UserError(
            f"--deadline (or OPENQWQ_DEADLINE): {text!r} is no point in time. Give +SECONDS from now, seconds since 1970 "
            "(as `date +%s` prints them), or a date and time such as 2027-01-31T18:00:00+01:00."
        ) from error


def _finite(number: float) -> float:
    if not math.isfinite(number):  # a clock never comes to `nan`, so the deadline would be none
        raise ValueError(number)
    return number
