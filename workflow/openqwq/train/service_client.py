"""The reward model of a service, as an RL stage asks it: bounded retries while the queue is full, a clear end when it is dead."""

import http.client
import json
import socket
import time
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from openqwq.errors import StageFailure, UserError
from openqwq.train.squash import Squash

Pair = tuple[str, str]  # prompt, completion
MOST_BYTES = 4_000_000  # of an answer; 1,024 scores have some 25,000
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Health(BaseModel):
    """What a client needs of the answer to GET /health."""

    checkpoint: str
    mean: Finite
    deviation: Annotated[Finite, Field(gt=0)]
    pairs: Annotated[int, Field(gt=0)]
    bytes: Annotated[int, Field(gt=0)]


class Scores(BaseModel):
    """The answer to POST /score."""

    checkpoint: str
    scores: list[Finite]


class ServiceScorer:
    """Scores in [0, 1] of (prompt, completion) pairs, asked of the service at `url`.

    `expected` is the content hash of the reward model that the stage has as its input: another one is a `UserError` at once, and
    a `StageFailure` later, as is a service that is dead for `dead` seconds, full for `busy`, or takes longer than `slow` for a
    request.
    """

    def __init__(
        self, url: str, expected: str, clip: float | None = None, *, dead: float = 20.0, busy: float = 600.0, slow: float = 600.0
    ) -> None:
        self.url, self.expected, self.dead, self.busy, self.slow = url, expected, dead, busy, slow
        try:
            facts = Health.model_validate(self._ask("GET", "/health", None))
        except ValidationError as error:
            raise UserError(
                f"execution.reward_service: what answers at {url} is no reward model's service. Start `openqwq serve-reward` on "
                "the run's folder reward_model, and give the address that it says."
            ) from error
        if facts.checkpoint != expected:
            raise UserError(
                f"execution.reward_service: {url} has another reward model ({facts.checkpoint[:12]}) than this run's "
                f"({expected[:12]}). Start `openqwq serve-reward` on the run's folder reward_model."
            )
        self.pairs, self.bytes = facts.pairs, facts.bytes
        self.squash = Squash(facts.mean, facts.deviation, clip)

    def __call__(self, pairs: Sequence[Pair]) -> list[float]:
        """Scores in [0, 1], as `RewardScorer` gives them."""
        scores: list[float] = []
        for body, count in self._parts(pairs):
            try:
                answer = Scores.model_validate(self._ask("POST", "/score", body))
            except ValidationError as error:
                raise self._failure(f"answered with something else than finite scores: {str(error)[:200]!r}") from error
            if answer.checkpoint != self.expected:
                raise self._failure("has another reward model now than when the stage began")
            if len(answer.scores) != count:
                raise self._failure(f"gave {len(answer.scores)} scores for {count} completions")
            scores += answer.scores
        return self.squash(scores)

    def _parts(self, pairs: Sequence[Pair]) -> list[tuple[bytes, int]]:
        """Requests within the service's limits, in order, each with the number of its pairs."""
        encoded = [json.dumps(pair).encode() for pair in pairs]
        around = len(b'{"pairs":[]}')
        parts: list[list[bytes]] = []
        size = 0
        for one in encoded:
            if around + len(one) > self.bytes:
                raise self._failure(f"takes {self.bytes} bytes a request, and one completion with its prompt has {len(one)}")
            if not parts or len(parts[-1]) == self.pairs or size + len(one) + 1 > self.bytes:
                parts.append([])
                size = around
            parts[-1].append(one)
            size += len(one) + 1
        return [(b'{"pairs":[' + b",".join(part) + b"]}", len(part)) for part in parts]

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        began = time.monotonic()
        silent: float | None = None  # since when nobody answers
        while True:
            try:
                status, headers, text = self._exchange(method, path, body)
            except TimeoutError as error:
                raise self._failure(f"did not answer within {self.slow:.0f} s") from error
            except (OSError, http.client.HTTPException) as error:
                now = time.monotonic()
                silent = now if silent is None else silent
                if now - silent >= self.dead:
                    raise self._failure(f"does not answer ({type(error).__name__})") from error
                time.sleep(min(1.0, self.dead / 4))
                continue
            silent = None
            if status in (429, 503):
                if time.monotonic() - began >= self.busy:
                    raise self._failure(f"had its queue full for {self.busy:.0f} s")
                time.sleep(_pause(headers.get("Retry-After")))
                continue
            if status != 200:
                raise self._failure(f"refused {path} with status {status}: {text[:300]!r}")
            try:
                return json.loads(text)
            except ValueError as error:
                raise self._failure(f"answered {path} with something else than JSON: {text[:100]!r}") from error

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        connection, began = _connection(self.url, self.slow), time.monotonic()
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), self._read(answer, began + self.slow)
        finally:
            connection.close()

    def _read(self, answer: http.client.HTTPResponse, deadline: float) -> bytes:
        """The whole body. A socket's timeout bounds one read; one that comes byte by byte is bounded here."""
        parts, size = [], 0
        while part := answer.read1(1 << 16):
            parts.append(part)
            size += len(part)
            if time.monotonic() > deadline:
                raise TimeoutError
            if size > MOST_BYTES:
                raise self._failure(f"gave an answer of more than {MOST_BYTES} bytes")
        return b"".join(parts)

    def _failure(self, what: str) -> StageFailure:
        return StageFailure(
            f"execution.reward_service: the service at {self.url} {what}. What was saved is kept. Start `openqwq serve-reward` "
            "on the run's folder reward_model there again (its own log says why it ended; --queue and --batch bound what it "
            "takes), then start the stage again: it resumes. With reward_service: null the stage loads the reward model itself."
        )


class _Unix(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def _connection(url: str, timeout: float) -> http.client.HTTPConnection:
    if url.startswith("unix:"):
        return _Unix(url.removeprefix("unix:"), timeout)
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)


def _pause(told: str | None) -> float:
    """Seconds to wait before asking again: what the service says, within reason."""
    return min(max(float(told), 0.1), 10.0) if told and told.isdecimal() else 1.0
