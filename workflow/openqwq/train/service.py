"""The reward model as a service: `openqwq serve-reward CHECKPOINT`, for RL stages that have no memory left for it.

    GET  /health   {status, checkpoint, mean, deviation, waiting, pairs, bytes}
    POST /score    {"pairs": [[prompt, completion], …]}  →  {"scores": [the model's own score, …], "checkpoint": its hash}

Scores are the model's own; who asks standardises them by `mean` and `deviation`. It knows no users: who reaches the socket may
ask. So it listens on this machine alone, unless told otherwise.
"""

import asyncio
import ipaddress
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openqwq.artifacts.manifest import input_hash
from openqwq.errors import StageFailure, UserError
from openqwq.progress import tell
from openqwq.train.batcher import Batcher, Full
from openqwq.train.scorer import RewardScorer, read_statistics

PAIRS = 1024  # of one request, at most
BYTES = 64_000_000  # of one request, at most
BODY_SECONDS = 60.0  # in which a request has to be here whole
RETRY_SECONDS = 1
CONNECTIONS = 64  # at once; more are told to come again


class ScoreRequest(BaseModel):
    """What is to be scored."""

    model_config = ConfigDict(extra="forbid", strict=True)
    pairs: Annotated[list[tuple[str, str]], Field(min_length=1, max_length=PAIRS)]


def application(batcher: Batcher, facts: dict[str, Any], largest: int = BYTES) -> FastAPI:
    """The routes. `facts` are told by /health; a request may have `largest` bytes.

    400: not what is described above. 408, 413: too slow, too large. 500: the model failed. 503: the queue is full.
    """
    made = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @made.get("/health")
    async def health() -> dict[str, Any]:
        return {"status": "ok", **facts, "waiting": batcher.waiting, "pairs": PAIRS, "bytes": largest}

    @made.post("/score")
    async def score(request: Request) -> dict[str, Any]:
        try:
            asked = ScoreRequest.model_validate_json(await _body(request, largest))
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise HTTPException(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        try:
            future = batcher.submit(asked.pairs)
        except Full as error:
            raise HTTPException(503, "the queue is full", {"Retry-After": str(RETRY_SECONDS)}) from error
        try:
            scores = await asyncio.wrap_future(future)
        except (RuntimeError, ValueError, StageFailure) as error:  # of torch, of the tokenizer, of a score that is none
            raise HTTPException(500, f"{type(error).__name__}: {str(error)[:500]}") from error
        return {"scores": scores, "checkpoint": facts["checkpoint"]}

    return made


async def _body(request: Request, largest: int) -> bytes:
    """The request's body, given up as soon as it is too large."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                size += len(part)
                if size > largest:
                    raise HTTPException(413, f"a request may have {largest} bytes; send fewer pairs at once")
                parts.append(part)
    except TimeoutError as error:
        raise HTTPException(408, f"the request was not here whole after {BODY_SECONDS:.0f} s") from error
    return b"".join(parts)


def listen(host: str, port: int | None, path: Path | None, remote: bool) -> tuple[socket.socket, str]:
    """A bound socket and its address: `path` (for this user alone), or host and port. Raises `UserError` where it cannot be had,
    and for a host that is not this machine without `remote`."""
    if (port is None) == (path is None):
        raise UserError("serve-reward: give either --port or --socket.")
    if path is not None:
        return _unix(path), f"unix:{path.resolve()}"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise UserError(f"serve-reward: --host {host} is no address ({error}). Give one of this machine.") from error
    if not ipaddress.ip_address(str(address[0])).is_loopback and not remote:
        raise UserError(
            f"serve-reward: {host} can be reached from other machines, and the service asks nobody who they are. Give "
            "--allow-remote if everybody on that network may use it, or leave --host out."
        )
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        raise UserError(f"serve-reward: {host}:{port} cannot be had ({error.strerror}). Give another --port.") from error
    name = f"[{host}]" if ":" in host else host
    return bound, f"http://{name}:{bound.getsockname()[1]}"


def _unix(path: Path) -> socket.socket:
    bound = socket.socket(socket.AF_UNIX)
    if path.exists() or path.is_symlink():
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise UserError(f"serve-reward: {path} is there and is no socket. Give another --socket.")
        with suppress(ConnectionRefusedError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            raise UserError(f"serve-reward: another process listens on {path}. End it, or give another --socket.")
        path.unlink()  # of a service that was killed
    before = os.umask(0o177)  # nobody else may connect, not even for an instant
    try:
        bound.bind(str(path))
    except OSError as error:
        raise UserError(f"serve-reward: {path} cannot be made ({error}). Give a --socket in a folder of your own.") from error
    finally:
        os.umask(before)
    return bound


def serve(checkpoint: Path, bound: socket.socket, address: str, batch: int, dtype: str, queue: int) -> None:
    """Loads the reward model and answers on `bound` until a signal ends it; in-flight requests get a few seconds."""
    import uvicorn

    digest = input_hash(checkpoint)
    facts: dict[str, Any] = {"checkpoint": digest, **read_statistics(checkpoint)}
    scorer = RewardScorer.load(checkpoint, batch, dtype)
    batcher = Batcher(scorer.raw, queue, max(batch, PAIRS))
    config = uvicorn.Config(
        application(batcher, facts),
        loop="asyncio",  # the same in all environments; vLLM brings others
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=5,
    )
    bound.listen()  # whoever reads the line may ask at once
    tell(f"[serve-reward] {checkpoint} ({digest[:12]}) answers at {address}")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[bound])
