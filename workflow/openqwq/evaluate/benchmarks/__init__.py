"""The benchmarks, one small file each; adding one is adding a file and a line in `REGISTRY`."""

from collections.abc import Callable
from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks import (
    aime,
    amc23,
    bfcl,
    bfcl_multi_turn,
    gpqa_diamond,
    gsm8k,
    humaneval,
    humaneval_plus,
    ifeval,
    livebench,
    livecodebench,
    math500,
    mbpp,
    mbpp_plus,
    mmlu_pro,
)
from openqwq.evaluate.benchmarks.source import pin_json

REGISTRY: dict[str, Callable[[Benchmark], list[dict[str, Any]]]] = {
    "aime24": aime.rows,
    "aime25": aime.rows,
    "amc23": amc23.rows,
    **dict.fromkeys(bfcl.CATEGORIES, bfcl.rows),
    **dict.fromkeys(bfcl_multi_turn.CATEGORIES, bfcl_multi_turn.rows),
    "gpqa_diamond": gpqa_diamond.rows,
    "gsm8k": gsm8k.rows,
    "humaneval": humaneval.rows,
    "humaneval_plus": humaneval_plus.rows,
    "ifeval": ifeval.rows,
    **dict.fromkeys(livebench.HUB, livebench.rows),
    **dict.fromkeys(livecodebench.HUB, livecodebench.rows),
    "math500": math500.rows,
    "mbpp": mbpp.rows,
    "mbpp_plus": mbpp_plus.rows,
    "mmlu_pro": mmlu_pro.rows,
}
DATED = tuple(livecodebench.HUB)  # those whose problems have dates


def load(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The benchmark's problems as `PROBLEM` rows, `benchmark.limit` of them where that is set.

    Raises `UserError` for an unknown name, a package that is not installed, rows that the hub does not give, a file that is
    missing or damaged, and a key that the benchmark has no use for.
    """
    if benchmark.name not in REGISTRY:
        known = ", ".join(sorted(REGISTRY))
        raise UserError(
            f"benchmarks: there is no benchmark {benchmark.name!r}. Choose from {known}, or add a file to evaluate/benchmarks."
        )
    if (benchmark.after or benchmark.before) and benchmark.name not in DATED:
        raise UserError(
            f"benchmark {benchmark.name}: its problems have no dates; remove 'after' and 'before' (they are for "
            f"{', '.join(DATED)})."
        )
    rows = REGISTRY[benchmark.name](benchmark)
    if not rows:
        dates = ", and none lies between the dates given" if benchmark.after or benchmark.before else ""
        raise UserError(
            f"benchmark {benchmark.name}: {benchmark.path or 'the package or data set'} has no rows{dates}. Give a file with its "
            "problems, or other dates."
        )
    return spread(rows, benchmark.limit)


def places() -> dict[str, Place]:
    """Where the rows of the benchmarks on the hub stand, each at its pinned commit."""
    modules = (aime, amc23, gpqa_diamond, gsm8k, humaneval_plus, ifeval, livebench, livecodebench, math500, mmlu_pro)
    return {name: place for module in modules for name, place in module.HUB.items()}


def pins(benchmarks: list[Benchmark]) -> dict[str, dict[str, Any]]:
    """What is read from the hub, by benchmark, as JSON: part of the fingerprint of whatever is made from it."""
    hub = places()
    pinned = {benchmark.name: pin_json(benchmark, hub[benchmark.name]) for benchmark in benchmarks if benchmark.name in hub}
    return {name: place for name, place in pinned.items() if place is not None}


def spread(rows: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    """`limit` rows, evenly spaced over the order given: always the same ones, and not only the easy ones at the front."""
    if limit is None or limit >= len(rows):
        return rows
    return [rows[i * len(rows) // limit] for i in range(limit)]
