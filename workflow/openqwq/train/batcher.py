"""A bounded queue before the reward model: requests that wait together are scored together."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

Pairs = list[tuple[str, str]]  # of prompt and completion


class Full(Exception):
    """More pairs would wait than the queue takes."""


class Batcher:
    """Scores on a thread of its own, because a model is asked by one at a time.

    `most` pairs wait at most, besides those that are being scored; `together` pairs are scored in one go, where several requests
    wait. A request that was cancelled meanwhile is passed over.
    """

    def __init__(self, score: Callable[[Pairs], list[float]], most: int, together: int) -> None:
        self.score, self.most, self.together = score, most, together
        self.open: deque[tuple[Pairs, Future[list[float]]]] = deque()
        self.waiting = 0  # pairs
        self.changed = threading.Condition()
        threading.Thread(target=self._work, daemon=True, name="reward model").start()

    def submit(self, pairs: Pairs) -> "Future[list[float]]":
        """The scores to come, in order. Raises `Full`, but takes any one request while nothing waits."""
        future: Future[list[float]] = Future()
        with self.changed:
            if self.waiting and self.waiting + len(pairs) > self.most:
                raise Full
            self.open.append((pairs, future))
            self.waiting += len(pairs)
            self.changed.notify()
        return future

    def _work(self) -> None:
        while True:
            requests = [(pairs, future) for pairs, future in self._next() if future.set_running_or_notify_cancel()]
            if not requests:
                continue
            try:
                scores = self.score([pair for pairs, _ in requests for pair in pairs])
            except Exception as error:  # noqa: BLE001  whatever it is, those who asked are told
                for _, future in requests:
                    future.set_exception(error)
                continue
            for pairs, future in requests:
                future.set_result(scores[: len(pairs)])
                del scores[: len(pairs)]

    def _next(self) -> list[tuple[Pairs, "Future[list[float]]"]]:
        """The first request that waits, and those after it that fit beside it."""
        with self.changed:
            while not self.open:
                self.changed.wait()
            taken = [self.open.popleft()]
            size = len(taken[0][0])
            while self.open and size + len(self.open[0][0]) <= self.together:
                taken.append(self.open.popleft())
                size += len(taken[-1][0])
            self.waiting -= size
            return taken
