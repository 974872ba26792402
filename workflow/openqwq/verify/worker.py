"""A worker process: takes items from a socket, one JSON line each, and answers with phases and a verdict.

Started by `workerprocess.py` as `python -m openqwq.verify.worker FD PARENT`. It dies with the thread that started it.
"""

import contextlib
import ctypes
import json
import os
import resource
import socket
import sys
import time
from typing import Any

from openqwq import ranks
from openqwq.errors import UserError
from openqwq.verify.item import Item, Watch
from openqwq.verify.registry import verify_one
from openqwq.verify.verdict import Verdict, unscorable

MEMORY_BYTES = 4 << 30  # address space; sympy needs a tenth of it
_PR_SET_CHILD_SUBREAPER = 36
_REAP_SECONDS = 1.0


def die_with_parent(parent: int) -> None:
    """Ends with the starting thread, and takes in the orphans below."""
    ranks.die_with_parent(parent)
    libc = ctypes.CDLL(None, use_errno=True)
    # bubblewrap leaves its inner process to whoever reaps orphans; in a container that may be nobody, so we do.
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap() -> None:
    """Waits for the children of children that have come to us; those of our own have been waited for."""
    deadline = time.monotonic() + _REAP_SECONDS
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)


def main(descriptor: int, parent: int) -> None:
    """Serves until the parent closes the socket."""
    die_with_parent(parent)
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    bound = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    channel = socket.socket(fileno=descriptor)

    def send(message: dict[str, Any]) -> None:
        channel.sendall(json.dumps(message).encode() + b"\n")

    with channel.makefile("rb") as lines:
        for line in lines:
            identity, verifier, reference, completion, seconds = json.loads(line)
            watch = Watch(phase=lambda phase: send({"phase": phase}), seconds=seconds)
            try:
                verdict = judge(Item(identity, verifier, reference, completion), watch)
            except Fault as fault:
                send({"fault": str(fault)})
            else:
                send({"verdict": [verdict.outcome, verdict.score, verdict.reason]})
    if (sandboxes := sys.modules.get("openqwq.verify.code.sandboxes")) is not None:
        sandboxes.discard()
        reap()


class Fault(Exception):
    """A verifier raised; whose fault it is depends on what it was doing, which the pool knows."""


def judge(item: Item, watch: Watch) -> Verdict:
    """The verdict. Raises `Fault`; where something is missing on this machine, that is `unscorable`."""
    watch.phase("judging")
    try:
        return verify_one(item, watch)
    except UserError as error:
        return unscorable(f"infrastructure: {error}")
    except MemoryError as error:
        raise Fault("the worker ran out of memory") from error
    except Exception as error:  # the boundary of the process: whatever it is, it is reported
        raise Fault(f"{type(error).__name__}: {error}"[:500]) from error


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
