"""Parts of a made-up run, and as much of a hub as a push needs."""

import json
import threading
from pathlib import Path

from openqwq.artifacts.files import write_table
from openqwq.artifacts.manifest import write_manifest
from openqwq.artifacts.schemas import FUNNEL, PROBLEM

ROOT = Path(__file__).resolve().parents[3]
TOKEN = "hf_" + "s3cret" * 5


def manifest(path: Path, stage: str, **more) -> None:
    environment = {"python": "3.11.7", "lock": "c0ffee", "packages": {"torch": "2.13.0", "trl": "1.16.0"}}
    record = {"stage": stage, "fingerprint": "f" * 64, "seed": 1, "inputs": {}, "facts": {}, "finished": "2026-11-27", **more}
    write_manifest(path, record | {"code": {"commit": "5b47a1a0c9" * 4, "dirty": False}, "environment": environment})


def problem(number: int, source: str, licence: str | None) -> dict:
    return {
        "id": f"{source}{number}", "source": source, "domain": "math", "messages": [{"role": "user", "content": "1+1"}],
        "tools": None, "verifier": "math", "reference": '{"answer": "2"}',
        "metadata": json.dumps({"licence": licence} if licence else {}),
    }  # fmt: skip


def curate(run: Path, **licences: str | None) -> None:
    """Two training problems of each source under the licence that is given."""
    rows = [problem(i, source, licence) for source, licence in licences.items() for i in range(2)]
    write_table(run / "curate" / "problems" / "train.parquet", rows, PROBLEM)
    funnel = [
        {"role": "problems", "source": source, "step": "gold", "rows_in": 5, "rows_out": 2, "seconds": 0.1} for source in licences
    ]
    write_table(run / "curate" / "funnel.parquet", funnel, FUNNEL)
    manifest(run / "curate", "curate")


class Hub:
    """As much of the hub's API as a push needs. `refuse` names the step that answers 403."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.commits: list[list[str]] = []
        self.refuse, self.exists, self.url = "", False, ""
        self.files, self.deleted = ["model.safetensors"], []
        # `stop` names a step that is done and answered only when `go_on` is set.
        self.stop, self.reached, self.go_on = "", threading.Event(), threading.Event()

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        path = path.split("?")[0]
        self.calls.append((method, path))
        if self.stop and self.stop in path:
            self.reached.set()
            self.go_on.wait(60)
        if self.refuse and self.refuse in path:
            return 403, {"error": f"not for you, {TOKEN}"}
        if path == "/api/repos/create":
            self.exists = True
            return 200, {"url": f"{self.url}/org/name", "id": "org/name", "name": "org/name"}
        if path == "/api/repos/delete":
            self.exists = False
            return 200, {}
        if "/preupload/" in path:
            files = json.loads(body)["files"]
            return 200, {"files": [{"path": f["path"], "uploadMode": "regular", "shouldIgnore": False} for f in files]}
        if "/commit/" in path:
            lines = [json.loads(line) for line in body.splitlines()]
            self.commits.append([line["value"]["path"] for line in lines if line["key"] == "file"])
            self.deleted += [line["value"]["path"] for line in lines if line["key"] == "deletedFile"]
            return 200, {"commitUrl": f"{self.url}/org/name/commit/1", "commitOid": "1" * 40, "success": True}
        if path == "/api/validate-yaml":
            return 200, {"errors": [], "warnings": []}
        if path.startswith("/api/models/") and not self.exists:
            return 404, {"error": "Repository not found"}
        if "/tree/" in path:
            return 200, [{"type": "file", "path": name, "size": 1, "oid": "1" * 40} for name in self.files]
        return 200, {"id": "org/name", "sha": "1" * 40, "siblings": [], "private": False}
