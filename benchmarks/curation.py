"""Curation at scale: `python -m benchmarks.curation --data DIR --datatrove PYTHON`.

The real command on 10,000, 100,000 and a million rows (all steps but the gold check, two shards), single steps beside
datatrove and plain n-gram scripts, leaks planted among real rows, and the rate of the gold check. One table, all in one run.
DIR holds math_train.json, gsm8k_train.jsonl, math500.jsonl, gsm8k_test.jsonl and aime24.jsonl; PYTHON is an interpreter
that has datatrove (its requirements do not fit ours).
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import curation_command, curation_corpus, curation_leaks, curation_ngrams, curation_steps
from benchmarks.row import Row
from openqwq.artifacts.files import write_json
from openqwq.data.steps.gold import Golds, check
from openqwq.environment import code_version, environment

SIZES = (10_000, 100_000, 1_000_000)


def main() -> int:
    """Runs all parts; returns the exit code."""
    options = argparse.ArgumentParser(prog="benchmarks.curation", description=__doc__)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--datatrove", required=True, metavar="PYTHON")
    options.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options.add_argument("--near", type=int, default=200_000, help="rows of the near-duplicate step")
    options.add_argument("--out", type=Path, default=Path("results/bench/curation.json"))
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = curation_command.whole(given.data, folder, sorted(given.sizes))
        source = folder / "near.jsonl"
        curation_corpus.write(source, given.data, given.near)
        rows += curation_steps.near_duplicates(source, folder, given.datatrove)
        rows += curation_ngrams.decontamination(source, given.data, 20_000)
        rows += curation_leaks.measure(given.data, folder)
    rows += gold_rate(given.data)
    write_json(given.out, {"code": code_version(), "environment": environment(), "rows": [vars(row) for row in rows]})
    for row in rows:
        print(row.line())
    return 0


def gold_rate(data: Path) -> list[Row]:
    """Rows a second of the gold check, two workers."""
    raw = [row for row in json.loads((data / "math_train.json").read_text()) if row["answer"]][:400]
    rows = [curation_steps.problem(row["problem"], row["answer"]) for row in raw]
    with Golds(2) as golds:
        check(rows[:2], golds)
        began = time.perf_counter()
        check(rows, golds)
        return [Row("gold check, 2 workers", "rows/s", len(rows), len(rows) / (time.perf_counter() - began), None, "no bar")]


if __name__ == "__main__":
    sys.exit(main())
