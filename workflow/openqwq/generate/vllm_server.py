"""Sampling with `vllm serve`, a child of the stage on devices of its own.

It speaks HTTP over a socket in a folder that only this user may enter: no port to collide on, and nobody else can reach the
server's administrative routes. New weights go through files: the stage writes them in the sampling dtype, the server's workers
read them (`reload_weights` with a path, through the `/collective_rpc` route that VLLM_SERVER_DEV_MODE opens). TRL sends them by
NCCL instead, which is faster between GPUs and needs them.
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from openqwq.config.vllm import VllmConfig
from openqwq.errors import StageFailure
from openqwq.generate.vllm_requests import Answer, Prompts, VllmRequests
from openqwq.generate.weights import weight_files

PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
NAME = "policy"
POLL_SECONDS = 0.5
END_SECONDS = 20.0  # the guard's grace and a little more
LOG_LINES = 12


class Server:
    """A running `command` that serves HTTP on the socket given it by `--uds`; `folder` is private and holds socket and log."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.folder, self.socket, self.log = folder, folder / "vllm.sock", folder / "server.log"
        with open(self.log, "wb") as log:
            self.guard = subprocess.Popen(
                [sys.executable, "-m", "openqwq.generate.vllm_guard", *command, "--uds", str(self.socket)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment | {"PYTHONPATH": os.pathsep.join(filter(None, [PACKAGE_ROOT, os.environ.get("PYTHONPATH")]))},
            )

    def wait(self, seconds: float) -> None:
        """Until it answers. Raises `StageFailure` when it ends or `seconds` are over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.guard.poll() is not None:
                raise self.failure("ended while it loaded the model")
            with suppress(OSError, http.client.HTTPException):
                if self._exchange("GET", "/health", None)[0] == 200:
                    return
            time.sleep(POLL_SECONDS)
        raise self.failure(f"did not answer within execution.vllm.start_seconds {seconds:.0f}")

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON answer (None where it is empty). Raises `StageFailure` when the server is dead or refuses."""
        try:
            status, text = self._exchange("POST", path, json.dumps(body))
        except (OSError, http.client.HTTPException) as error:
            raise self.failure(f"does not answer any more ({type(error).__name__})") from error
        if status != 200:
            raise self.failure(f"refused {path} with status {status}: {text[:500]}")
        return json.loads(text) if text.strip() else None

    def _exchange(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = _UnixConnection(self.socket)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def failure(self, what: str) -> StageFailure:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        told = " | ".join(line.strip() for line in lines[-LOG_LINES:] if line.strip())
        return StageFailure(
            f"the vLLM server {what}. What was saved is kept; mend the cause and start the stage again. Its last lines: {told}"
        )

    def close(self) -> None:
        """Ends the server and all that it started."""
        assert self.guard.stdin is not None
        self.guard.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self.guard.wait(END_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self.guard.pid, signal.SIGKILL)
        self.guard.wait()


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket in the file system. No time limit: a sampling phase may take hours, and a dead server closes it."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(self.path))


class VllmServerSampler(VllmRequests):
    """Samples through a server. `batch` bounds the prompts under way at once."""

    def __init__(self, server: Server, prompts: Prompts, batch: int, dtype: str) -> None:
        super().__init__(prompts)
        self.server, self.batch, self.dtype = server, batch, dtype

    def update(self, tensors: Iterable[tuple[str, Any]]) -> None:
        with weight_files(tensors, self.dtype) as folder:
            self.server.post("/collective_rpc", {"method": "reload_weights", "kwargs": {"weights_path": str(folder)}})
        if not self.server.post("/reset_prefix_cache", {})["success"]:  # cached keys and values are those of the weights before
            raise self.server.failure("did not empty its cache of prompts")

    def sleep(self) -> None:
        """Nothing: the server's devices are its own."""

    def _draw(self, tokens: list[list[int]], parameters: list[dict[str, Any]]) -> Iterator[tuple[int, list[Answer]]]:
        threads = ThreadPoolExecutor(max_workers=self.batch)
        try:
            asked = [threads.submit(self._ask, ids, one) for ids, one in zip(tokens, parameters, strict=True)]
            numbers = {future: number for number, future in enumerate(asked)}
            for future in as_completed(asked):
                yield numbers[future], future.result()
        finally:
            threads.shutdown(
                wait=False, cancel_futures=True
            )  # a stage that ends early waits for nobody; the server's end ends them

    def _ask(self, ids: list[int], parameters: dict[str, Any]) -> list[Answer]:
        answer = self.server.post("/v1/completions", parameters | {"model": NAME, "prompt": ids, "return_token_ids": True})
        choices = sorted(answer["choices"], key=lambda choice: choice["index"])
        return [
            Answer(
                choice["token_ids"],
                choice["logprobs"]["token_logprobs"] if parameters["logprobs"] is not None else [],
                choice["finish_reason"],
            )
            for choice in choices
        ]


@contextmanager
def serve(checkpoint: Path, batch: int, dtype: str, config: VllmConfig, arguments: list[str]) -> Iterator[VllmServerSampler]:
    """A server on the checkpoint for the block. Raises `StageFailure` when it does not come up."""
    prompts = Prompts.load(checkpoint, config.max_model_len)
    environment = os.environ | {"VLLM_SERVER_DEV_MODE": "1"}
    environment.pop("VLLM_ENABLE_V1_MULTIPROCESSING", None)
    if config.devices is not None:
        environment["CUDA_VISIBLE_DEVICES"] = config.devices
    with tempfile.TemporaryDirectory(prefix="openqwq-vllm-") as folder:
        # What `vllm serve` runs; that command itself asks for a distribution named vllm, and the build for CPUs has another name.
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(checkpoint)]
        server = Server([*command, "--served-model-name", NAME, *arguments], environment, Path(folder))
        try:
            server.wait(config.start_seconds)
            yield VllmServerSampler(server, prompts, batch, dtype)
        finally:
            server.close()
