"""Decontamination beside plain n-gram scripts, all on the same rows in memory, in one process and in two.

A script of n-gram sets has one for each evaluation problem; or, as open-r1's decontaminate.py, one look-up table an evaluation
(there are seven) and a pass over the rows for each; or a single set, which cannot say what a row touches. Indexes are made before
the clock starts, and our code is compiled; what both take stands in rows of their own.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from benchmarks.curation_steps import BATCH, NGRAM, WORKERS, evaluations, problem
from benchmarks.row import Row
from openqwq.data.steps.decontaminate import Evaluations, check

Pass = Callable[[int, int], object]  # over the rows from one number up to another
Made = TypeVar("Made")
PEERS = ("set of n-grams a problem", "look-up table an evaluation", "one set of n-grams")
_COMPILE = (
    "import time; began = time.perf_counter(); from openqwq.data.steps.decontaminate import Evaluations, check; "
    "from openqwq.data.rows import make_row, prompt; row = make_row('b', 'math', prompt('What is 3 + 4?')); "
    "check([row], Evaluations({'b': [row]}, 13)); print(time.perf_counter() - began)"
)


def decontamination(source: Path, data: Path, count: int) -> list[Row]:
    """Rows a second, of us and the scripts; the first is so slow that it gets a tenth of the rows."""
    raw = [json.loads(line)["q"] for line in source.read_text().split("\n")[:count] if line]
    rows = [problem(text) for text in raw]
    tables = evaluations(data)
    index, ours_made = _timed(lambda: Evaluations(tables, NGRAM))
    sets, sets_made = _timed(lambda: {name: [_grams(row["messages"][-1]["content"]) for row in t] for name, t in tables.items()})
    lookups = {name: _lookup(each) for name, each in sets.items()}
    union = set().union(*(theirs for each in sets.values() for theirs in each))

    def ours(first: int, last: int) -> None:
        for start in range(first, last, BATCH):
            check(rows[start : min(start + BATCH, last)], index)

    def pairwise(first: int, last: int) -> None:
        for text in raw[first:last]:
            mine = _grams(text)
            _ = [(name, number) for name, each in sets.items() for number, theirs in enumerate(each) if mine & theirs]

    def by_evaluation(first: int, last: int) -> None:
        for table in lookups.values():
            for text in raw[first:last]:
                _ = set().union(*(table[gram] for gram in _grams(text) if gram in table))

    def single(first: int, last: int) -> None:
        for text in raw[first:last]:
            _ = any(gram in union for gram in _grams(text))

    ours(0, BATCH)  # compiles
    made = []
    for workers in (1, WORKERS):
        name = f"decontamination, {workers} process{'es' if workers > 1 else ''}"
        mine = _rate(ours, len(rows), workers)
        for peer, run, some in zip(PEERS, (pairwise, by_evaluation, single), (len(raw) // 10, len(raw), len(raw)), strict=True):
            made.append(Row(name, "rows/s", len(rows), mine, _rate(run, some, workers), peer))
    made.append(Row("decontamination: making the index", "s", sum(map(len, tables.values())), ours_made, sets_made, PEERS[0]))
    with tempfile.TemporaryDirectory() as cache:
        first, later = _start(cache), _start(cache)
    made.append(Row("decontamination: start, code compiled", "s", 1, first, None, "once a machine"))
    made.append(Row("decontamination: start, code kept", "s", 1, later, None, "imports and the first row"))
    return made


def _rate(run: Pass, count: int, workers: int) -> float:
    """Rows a second, each process with its share of them, from when all have started."""
    if workers == 1:
        began = time.perf_counter()
        run(0, count)
        return count / (time.perf_counter() - began)
    context = get_context("fork")  # the rows and indexes are there already
    barrier, bounds = context.Barrier(workers + 1), [count * part // workers for part in range(workers + 1)]

    def work(part: int) -> None:
        run(bounds[part], min(bounds[part] + 100, bounds[part + 1]))  # pages that a fork shares are copied when written to
        barrier.wait()
        run(bounds[part], bounds[part + 1])
        barrier.wait()

    processes = [context.Process(target=work, args=(part,)) for part in range(workers)]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.perf_counter()
    barrier.wait()
    seconds = time.perf_counter() - began
    for process in processes:
        process.join()
    return count / seconds


def _timed(make: Callable[[], Made]) -> tuple[Made, float]:
    began = time.perf_counter()
    made = make()
    return made, time.perf_counter() - began


def _start(cache: str) -> float:
    """Seconds from import to the first row judged, in a process of its own."""
    env = {**os.environ, "NUMBA_CACHE_DIR": cache}
    return float(subprocess.run([sys.executable, "-c", _COMPILE], env=env, check=True, capture_output=True, text=True).stdout)


def _lookup(each: Iterable[set[str]]) -> dict[str, set[int]]:
    table: dict[str, set[int]] = defaultdict(set)
    for number, theirs in enumerate(each):
        for gram in theirs:
            table[gram].add(number)
    return dict(table)


def _grams(text: str) -> set[str]:
    """As the plain scripts make them."""
    words = re.sub(r"[^\w\s]", " ", text.lower()).split()
    return {" ".join(words[at : at + NGRAM]) for at in range(len(words) - NGRAM + 1)}
