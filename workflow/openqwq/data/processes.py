"""Jobs in processes of their own, which end when ours does, however it ends."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from openqwq.errors import StageFailure
from openqwq.verify.worker import die_with_parent

Job = TypeVar("Job")
Result = TypeVar("Result")


def each(run: Callable[[Job], Result], jobs: Sequence[Job], workers: int) -> Iterator[Result]:
    """The results in the order of the jobs, at most `workers` at once; in this process where one is enough.

    Raises `StageFailure` where a process was killed. Without the kernel's parent-death signal the processes of a killed run
    would go on, and never end.
    """
    count = min(len(jobs), workers)
    if count <= 1:
        yield from map(run, jobs)
        return
    with ProcessPoolExecutor(
        count, mp_context=get_context("spawn"), initializer=die_with_parent, initargs=(os.getpid(),)
    ) as pool:
        try:
            yield from pool.map(run, jobs)
        except BrokenProcessPool as error:
            raise StageFailure(
                f"one of {count} processes was killed from outside, most likely for want of memory. Nothing was published; give "
                "the stage more memory, or set execution.shards lower, and start again."
            ) from error
