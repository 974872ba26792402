"""The clock of tools that keep no time themselves: what hangs is stopped, and the stage goes on."""

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import Any

from openqwq.agents.environment import ToolBroken, ToolError

GRACE = 2.0  # seconds that a call has to end once it was told to


class _Stop(SystemExit):
    """What ends a call from outside. A `SystemExit`: no `except Exception` of a tool takes it, and no thread reports it."""


def within(seconds: float, call: Callable[[], Any]) -> Any:
    """What `call` returns or raises.

    After `seconds` of wall time it is stopped at its next step of Python, and `ToolError` is raised. A call that does not take
    any, because it sleeps or waits for somebody, is left behind in a thread that ends with the process, and `ToolBroken` is
    raised. A step that never gives the interpreter back, as some regular expressions, cannot be stopped: bound its input.
    """
    result: Future[Any] = Future()

    def run() -> None:
        try:
            value = call()
        except BaseException as error:  # noqa: BLE001  handed on, whatever it is, to the thread that waits
            result.set_exception(error)
        else:
            result.set_result(value)

    thread = Thread(target=run, name="tool", daemon=True)
    thread.start()
    thread.join(seconds)
    until = time.monotonic() + GRACE
    while thread.is_alive() and time.monotonic() < until:
        # Again and again, because a tool may catch it.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stop))
        thread.join(0.05)
    if thread.is_alive():
        raise ToolBroken(f"it did not end within {seconds:g} s, nor when it was stopped")
    if not result.done() or isinstance(result.exception(), _Stop):
        raise ToolError(f"the call was stopped after {seconds:g} s. Ask for less.")
    return result.result()
