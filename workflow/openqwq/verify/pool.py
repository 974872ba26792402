"""Judging many completions in worker processes that can be killed.

One thread of ours stands beside each worker: it starts it, feeds it and holds the clock. The thread lives as long as
the pool, so the kernel's parent-death signal (which follows the *thread* that started a process) kills the workers
when the pool or its process goes, however it goes. A pool that is left by an exception (a stage that is asked to stop) waits
for nothing: items under way are given up within `LOOK` seconds, and those that wait are never begun.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from openqwq.errors import UserError
from openqwq.verify.budget import budget
from openqwq.verify.item import Item, Judged
from openqwq.verify.registry import find
from openqwq.verify.verdict import Verdict, incorrect, unscorable
from openqwq.verify.workerprocess import Failed, GivenUp, OutOfTime, WorkerProcess

GOLD_TIMEOUT = "limit: the reference took longer than {seconds:g} s"
COMPLETION_TIMEOUT = "limit: judging the completion took longer than {seconds:g} s"


Answers = queue.SimpleQueue[tuple[int, Judged | BaseException]]


class Pending:
    """Items that workers are judging. `result` is taken once."""

    def __init__(self, count: int, answers: Answers) -> None:
        self._count, self._answers = count, answers

    def result(self, progress: Callable[[int, int], None] | None = None) -> list[Judged]:
        """Waits for all verdicts and returns them in the order of the items; raises what a worker's thread has raised."""
        judged: list[Judged | None] = [None] * self._count
        failure: BaseException | None = None
        for done in range(1, self._count + 1):
            index, answer = self._answers.get()
            if isinstance(answer, BaseException):
                failure = answer
                continue
            judged[index] = answer
            if progress:
                progress(done, self._count)
        if failure is not None:
            raise failure
        return [answer for answer in judged if answer is not None]


class VerifierPool:
    """`workers` processes, each item bounded to `seconds` of wall time (see `budget`) by a kill. A context manager.

    May be entered and used from any thread, and by several threads at once.
    """

    def __init__(self, workers: int = 2, seconds: float = 20.0) -> None:
        if workers < 1 or seconds <= 0:
            raise UserError(
                f"verifier pool: {workers} workers and {seconds} s an item make no pool. Use at least 1 worker and more than 0 s."
            )
        self.workers, self.seconds = workers, seconds
        self._tasks: queue.SimpleQueue[tuple[int, Item, Answers] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._leaving = threading.Event()

    def __enter__(self) -> "VerifierPool":
        self._leaving.clear()
        for number in range(self.workers):
            thread = threading.Thread(target=self._serve, name=f"verifier-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self._leaving.set()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()
        self._threads = []

    def judge(self, items: Sequence[Item], progress: Callable[[int, int], None] | None = None) -> list[Judged]:
        """The verdicts in the order of `items`; `progress(done, total)` is called in this thread after each.

        Raises `UserError` for an unknown verifier, and for code where no sandbox can be had, before judging anything.
        """
        return self.submit(items).result(progress)

    def submit(self, items: Sequence[Item]) -> "Pending":
        """Hands the items to the workers and returns at once; raises as `judge` does."""
        if not self._threads:
            raise RuntimeError("a VerifierPool is used inside its `with` block")
        for name in {item.verifier for item in items}:
            find(name)
        if any(item.verifier == "code" for item in items):
            from openqwq import sandbox

            sandbox.require()
        answers: Answers = queue.SimpleQueue()
        for index, item in enumerate(items):
            self._tasks.put((index, item, answers))
        return Pending(len(items), answers)

    def _serve(self) -> None:
        """One thread: takes tasks until the pool closes."""
        worker: WorkerProcess | None = None
        try:
            while (task := self._tasks.get()) is not None:
                index, item, answers = task
                started = time.monotonic()
                try:
                    if self._leaving.is_set():
                        raise GivenUp
                    worker, verdict = self._judge(worker, item)
                    answers.put((index, Judged(verdict, time.monotonic() - started)))
                except BaseException as error:  # noqa: BLE001  handed to the caller, which raises it
                    answers.put((index, error))
        finally:
            if worker is not None and self._leaving.is_set():
                worker.kill()
            elif worker is not None:
                worker.close()

    def _judge(self, worker: WorkerProcess | None, item: Item) -> tuple[WorkerProcess | None, Verdict]:
        """Judges one item, with a new worker where there is none, and once more where the worker failed.

        One failure may be anybody's. Where a verifier fails twice over the completion, the completion does it.
        """
        reason, seconds, phases = "", budget(item, self.seconds), []
        for _attempt in range(2):
            worker = worker or WorkerProcess(self._leaving.is_set)
            try:
                return worker, worker.judge(item, seconds)
            except GivenUp:
                worker.kill()
                raise
            except OutOfTime as timeout:
                worker.kill()
                worker = None
                if timeout.phase == "gold":
                    return None, unscorable(GOLD_TIMEOUT.format(seconds=seconds))
                if timeout.phase == "completion":
                    return None, incorrect(COMPLETION_TIMEOUT.format(seconds=seconds))
                phases.append(timeout.phase)
                reason = f"the worker did not answer within {seconds:g} s (phase {timeout.phase!r})"
            except Failed as failure:
                worker.kill()
                worker = None
                phases.append(failure.phase)
                reason = str(failure)
        if phases == ["completion", "completion"]:
            return worker, incorrect(f"limit: judging the completion failed twice ({reason})")
        return worker, unscorable(f"infrastructure: {reason}")
