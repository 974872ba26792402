"""The server's guard: `python -m openqwq.generate.vllm_guard COMMAND…` runs a command and ends it when standard input closes.

The stage holds the other end of standard input. However the stage ends, SIGKILL included, the server goes with it, and with the
server the processes that hold the GPUs. The guard leads a process group of its own, which all of them belong to.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 10.0


def main(command: list[str]) -> int:
    """Runs the command to its end; returns its exit code."""
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    ending = threading.Event()
    watch = threading.Thread(target=_end_with_the_stage, args=[server, ending], daemon=True)
    watch.start()
    code = server.wait()
    if ending.is_set():
        watch.join()  # it ends the whole group, this process included
    return code


def _end_with_the_stage(server: "subprocess.Popen[bytes]", ending: threading.Event) -> None:
    sys.stdin.buffer.read()
    ending.set()
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):  # what does not end by itself ends below
        server.wait(GRACE_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
