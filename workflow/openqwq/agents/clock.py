"""The clock of tools that keep no time themselves: what hangs is stopped, and the stage goes on."""

import ctypes
import time
from collections.abc import Callable
from threading import Thread
from typing import Any

from openqwq.agents.environment import ToolError, ToolStuck

GRACE = 2.0  # seconds in which a call has to end once it is told to
AGAIN = 0.2  # seconds after which it is told once more, since a tool may catch what it is told with
LOOK = 0.01


class _Stop(BaseException):
    """Raised inside a call from outside. No `Exception`, or a tool that catches its own failures would catch this one."""


class _Call(Thread):
    """A call in a thread of its own, which does not end while somebody may still raise something in it: its number would be
    another thread's by then. Plain attributes only, because whoever is stopped while it takes a lock never gives it back."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(name="tool", daemon=True)
        self.call = call
        self.begun = self.ended = self.stopping = self.released = self.left = False
        self.value: Any = None
        self.error: BaseException | None = _Stop()  # until something else is known

    def run(self) -> None:
        while not self.left:
            try:
                if not self.begun:
                    self.begun = True
                    self._work()
                self.ended = True
                while self.stopping and not self.released:
                    time.sleep(LOOK)
                self.left = True
            except _Stop:  # one that came late
                pass

    def _work(self) -> None:
        try:
            value = self.call()
        except BaseException as error:  # noqa: BLE001  handed on, whatever it is, to the thread that waits
            self.error = error
        else:
            self.value, self.error = value, None

    def stop(self) -> None:
        """Returns once the call has ended, or has had its time to."""
        self.stopping = True
        until = time.monotonic() + GRACE
        try:
            while not self.ended and self.is_alive() and time.monotonic() < until:
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self.ident or 0), ctypes.py_object(_Stop))
                again = time.monotonic() + AGAIN
                while not self.ended and self.is_alive() and time.monotonic() < again:
                    time.sleep(LOOK)
        finally:
            self.released = True
        if self.ended:
            self.join(AGAIN)


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """What `call` returns or raises. It runs in a thread of its own.

    After `seconds` of wall time it is stopped at its next step of Python, and `ToolError` is raised. A call that does not end
    then, because it takes no step (it sleeps, or waits for somebody) or goes on whatever is raised in it, is left behind in its
    thread, which ends with the process, and `ToolStuck` is raised. A step that never gives the interpreter back, as some regular
    expressions, cannot even be left behind: bound its input.
    """
    working = _Call(call)
    working.start()
    working.join(seconds)
    if working.is_alive():
        working.stop()
    if working.is_alive() and not working.ended:
        raise ToolStuck(f"it did not end within {seconds:g} s, nor when it was stopped")
    if isinstance(working.error, _Stop):
        raise ToolError(f"the call was stopped after {seconds:g} s. Ask for less.")
    if working.error is not None:
        raise working.error
    return working.value
