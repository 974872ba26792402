"""A run folder with a real checkpoint, made up but for that, and a hub on loopback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from release_helpers import ROOT, Hub, curate, manifest

from openqwq.artifacts.files import write_json, write_table
from openqwq.artifacts.schemas import SCORE
from openqwq.config import load_file


@pytest.fixture
def run(tmp_path: Path, tiny_model: Path) -> Path:
    """`results/tiny`: an evaluated run whose final model is general."""
    folder = tmp_path / "results" / "tiny"
    shutil.copytree(tiny_model, folder / "base_model")
    for stage in ("coldstart", "general"):
        ignored = shutil.ignore_patterns("manifest.json", "progress.json")
        shutil.copytree(tiny_model, folder / stage / "checkpoint", ignore=ignored)
        manifest(folder / stage, stage)
    curate(folder, sums="Apache-2.0", functions="MIT")
    config = load_file(ROOT / "config" / "tiny.yaml").model_dump(mode="json")
    config["general"]["interpolation"] = 0.4
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    score = {
        "stage": "general", "benchmark": "math", "domain": "math", "metric": "avg@k", "subset": "all", "k": 2, "n": 16,
        "value": 0.625, "low": 0.41, "high": 0.79, "truncated": 0.0, "unscorable": 0.0, "mixed": 0.0, "mean_tokens": 40.0,
        "tokens": 640, "seconds": 1.0,
    }  # fmt: skip
    write_table(
        folder / "evaluate" / "scores.parquet", [score, score | {"stage": "base", "k": 1, "value": 0.1, "low": 0.0}], SCORE
    )
    row = {"benchmark": "math", "verdict": "pass", "lower": -0.02, "upper": 0.05}
    gate = {"verdict": "pass", "before": "reason", "after": "general", "margin": 0.1, "benchmarks": [row], "comparisons": []}
    write_json(folder / "evaluate" / "gate.json", gate)
    write_json(
        folder / "evaluate" / "final.json", {"stage": "general", "why": "nothing is lost", "verdict": "pass", "on_fail": "warn"}
    )
    return folder


@pytest.fixture
def hub():
    """A hub on loopback, with its address as `url`."""
    state = Hub()

    class Handler(BaseHTTPRequestHandler):
        def _reply(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            code, value = state.answer(self.command, self.path, body)
            text = json.dumps(value).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            if code == 404:
                self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", str(len(text)))
            with suppress(ConnectionError):  # who was stopped no longer listens
                self.end_headers()
                self.wfile.write(text)

        do_GET = do_POST = do_DELETE = _reply

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def release(run: Path, tmp_path: Path):
    """`openqwq release` in a process of its own, as a person calls it."""

    def go(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "MODELSCOPE"))} | {"HOME": str(tmp_path)}
        words = [sys.executable, "-m", "openqwq.cli", "release", str(run), "--out", str(tmp_path / "out"), *arguments]
        # A program that is started in the background ignores Ctrl-C, and so would everything below it.
        signals = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
        return subprocess.run(words, capture_output=True, text=True, timeout=120, env=clean | environment, check=False, **signals)

    return go
