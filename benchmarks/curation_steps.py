"""Near-duplicates beside datatrove, and what the other measurements of curation need."""

import json
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.row import Row
from openqwq.artifacts.schemas import PROBLEM, SHARD
from openqwq.artifacts.streams import TableWriter
from openqwq.config.curate import NearDuplicates
from openqwq.config.evaluate import Benchmark
from openqwq.data.index import Index, database
from openqwq.data.rows import make_row, prompt
from openqwq.data.steps.keys import keys
from openqwq.evaluate.benchmarks import load

BATCH = 2048
WORKERS = 2
NGRAM = 13


def near_duplicates(source: Path, folder: Path, datatrove: str) -> list[Row]:
    """Rows a second, signatures to the list of rows to drop, and recall on the planted ones, for both."""
    raw = [json.loads(line) for line in source.read_text().split("\n") if line]
    halves = [[(n, raw[n]["q"], raw[n]["a"]) for n in range(part, len(raw), WORKERS)] for part in range(WORKERS)]
    files = [folder / f"near-{part}.parquet" for part in range(WORKERS)]
    began = time.perf_counter()
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(_signatures, halves, files))
    with database(folder, WORKERS) as connection:
        index = Index(connection, files)
        gone = set(same := index.same_rows())
        index.take_out(np.array(list(same), np.int64))
        gone |= set(index.near_duplicates(NearDuplicates()))
    seconds = time.perf_counter() - began
    out = folder / "datatrove.json"
    subprocess.run(
        [datatrove, str(Path(__file__).with_name("datatrove_peer.py")), str(source), str(out)], check=True, capture_output=True
    )
    theirs = json.loads(out.read_text())
    planted = {n: row["of"] for n, row in enumerate(raw) if row["of"] is not None}
    n = len(raw)
    return [
        Row("near-duplicates, 2 workers", "rows/s", n, n / seconds, n / theirs["seconds"], "datatrove"),
        Row(
            "near-duplicates: recall of the planted",
            "share",
            len(planted),
            _recall(planted, gone),
            _recall(planted, theirs["gone"]),
            "datatrove",
        ),
        Row(
            "near-duplicates: others dropped",
            "count",
            n,
            len(gone) - len(_hit(planted, gone)),
            len(theirs["gone"]) - len(_hit(planted, theirs["gone"])),
            "datatrove",
        ),
    ]


def _hit(planted: dict[int, int], gone: Iterable[int]) -> set[int]:
    """Planted rows that are told apart from nothing: they, or the row they repeat, are dropped."""
    dropped = set(gone)
    return {n for n, of in planted.items() if n in dropped or of in dropped}


def _recall(planted: dict[int, int], gone: Iterable[int]) -> float:
    return len(_hit(planted, gone)) / max(1, len(planted))


def _signatures(part: list[tuple[int, str, str]], path: Path) -> None:
    schema = pa.schema([*PROBLEM, *SHARD])
    with TableWriter(path, schema) as writer:
        for start in range(0, len(part), BATCH):
            some = part[start : start + BATCH]
            rows = [problem(text, answer) for _, text, answer in some]
            made = pa.Table.from_pylist(rows, schema=PROBLEM)
            added = keys(rows, [number for number, _, _ in some])
            for name in added.column_names:
                made = made.append_column(SHARD.field(name), added.column(name))
            writer.write(made)


def problem(text: str, answer: str = "1") -> dict[str, Any]:
    """As a source gives it."""
    return make_row("rows", "math", prompt(text), verifier="math", reference={"answer": answer})


FILES = {
    "math500": "math500.jsonl",
    "gsm8k": "gsm8k_test.jsonl",
    "aime24": "aime24.jsonl",
    "aime25": "aime25.jsonl",
    "ifeval": "ifeval.jsonl",
    "mbpp": "mbpp.jsonl",
    "mbpp_plus": "mbpp_plus.jsonl.gz",
}


def evaluations(data: Path, *names: str) -> dict[str, list[dict[str, Any]]]:
    """The problems of the benchmarks that stand in `data`, or of those named."""
    return {name: load(Benchmark(name=name, path=str(data / FILES[name]))) for name in names or FILES}
