"""The command `openqwq curate`, run on one file of problems: all steps but the gold check, two shards."""

import json
import math
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks import curation_corpus
from benchmarks.curation_steps import FILES
from benchmarks.row import Row

BOX = "\nPut the final answer in \\boxed{}."
FIELDS = {"prompt": "q", "answer": "a", "metadata.of": "of"}


def whole(data: Path, folder: Path, sizes: list[int]) -> list[Row]:
    """Seconds and peak memory of the command, by size, and the exponent between the sizes."""
    rows, seconds = [], []
    for size in sizes:
        source = folder / f"{size}.jsonl"
        curation_corpus.write(source, data, size)
        began = time.perf_counter()
        peak = curated(data, source, folder / "out")
        seconds.append(time.perf_counter() - began)
        source.unlink()
        rows.append(Row("curate, all steps but gold: time", "s", size, seconds[-1], None, "at most 600 for a million"))
        rows.append(Row("curate, all steps but gold: peak memory", "GB", size, peak / 2**30, None, "at most 4, all processes"))
    for at in range(1, len(sizes)):
        slope = math.log(seconds[at] / seconds[at - 1]) / math.log(sizes[at] / sizes[at - 1])
        rows.append(Row(f"exponent from {sizes[at - 1]:,} rows", "1", sizes[at], slope, None, "at most 1.1"))
    return rows


def config(data: Path, source: Path, fields: dict[str, str]) -> dict[str, Any]:
    """The share of the configuration that the stage gets."""
    rows = {"name": "rows", "type": "file", "role": "problems", "domain": "math", "verifier": "math", "path": str(source)}
    return {
        "curate": {
            "sources": [{**rows, "fields": fields, "prompt_suffix": BOX}],
            "held_out": {"math": 500},
            "check_gold": False,
        },
        "benchmarks": [{"name": name, "path": str(data / file)} for name, file in FILES.items()],
    }


def curated(data: Path, source: Path, out: Path, fields: dict[str, str] = FIELDS) -> int:
    """Runs the command; the largest sum of resident bytes of its processes, looked at twice a second."""
    command = [sys.executable, "-m", "openqwq.cli", "curate", "--config", json.dumps(config(data, source, fields))]
    command += ["--state", str(out.with_name("state")), "--out", str(out), "--execution", '{"shards": 2}']
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    peaks = [0]

    def watch() -> None:
        while process.poll() is None:
            peaks.append(sum(_resident(pid) for pid in _tree(process.pid)))
            time.sleep(0.5)

    watcher = threading.Thread(target=watch)
    watcher.start()
    if process.wait():
        raise SystemExit(f"benchmarks.curation: {' '.join(command[:4])} ended with {process.returncode}")
    watcher.join()
    return max(peaks)


def _tree(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [pid, *(below for child in children for below in _tree(int(child)))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
    except (FileNotFoundError, ProcessLookupError):
        return 0
