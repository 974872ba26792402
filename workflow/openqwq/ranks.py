"""Which of a stage's processes this is. A stage that several processes carry out together numbers them: their rank.

The numbers come from the environment that `accelerate launch` (or `torchrun`) sets, so that modules without torch know them.
Rank 0 is the main process: it alone holds the state, speaks, writes and publishes.
"""

import ctypes
import os
import signal

LOCAL = "LOCAL_RANK"  # the variable that each of them has
_PR_SET_PDEATHSIG = 1


def launched() -> bool:
    """Whether a launcher started this process as one of several."""
    return LOCAL in os.environ and count() > 1


def rank() -> int:
    """This process's number, from 0."""
    return int(os.environ["RANK"]) if LOCAL in os.environ else 0


def count() -> int:
    """How many processes carry the stage out, over all nodes."""
    return int(os.environ["WORLD_SIZE"]) if LOCAL in os.environ else 1


def main() -> bool:
    """Whether this is the process that holds the state, speaks, writes and publishes."""
    return rank() == 0


def sharded() -> bool:
    """Whether the launch file spreads the model over the processes (FSDP)."""
    return launched() and os.environ.get("ACCELERATE_USE_FSDP", "false").lower() == "true"


def die_with_parent(parent: int) -> None:
    """Asks the kernel for SIGKILL when the starting thread ends, and leaves at once if it already has."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:
        os._exit(0)
