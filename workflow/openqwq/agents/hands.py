"""Threads in which tools run side by side. A sandbox belongs to the thread that opened it and must be closed by it."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier

from openqwq.verify.code import sandboxes

MOST = 8


@contextmanager
def hands(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of threads for the block, one a core; nothing that they opened is left behind."""
    count = max(1, min(jobs, MOST, os.cpu_count() or 1))
    with ThreadPoolExecutor(count) as pool:
        try:
            yield pool
        finally:
            everyone = Barrier(count)  # so that each thread takes exactly one of these

            def leave() -> None:
                everyone.wait()
                sandboxes.discard()

            for _ in range(count):
                pool.submit(leave)
