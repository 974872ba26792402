"""The benchmarks, one small file each; adding one is adding a file and a line in `REGISTRY`."""

from collections.abc import Callable
from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks import aime, bfcl, gsm8k, humaneval, ifeval, math500, mbpp, mbpp_plus

REGISTRY: dict[str, Callable[[Benchmark], list[dict[str, Any]]]] = {
    "aime24": aime.rows,
    "aime25": aime.rows,
    **dict.fromkeys(bfcl.CATEGORIES, bfcl.rows),
    "gsm8k": gsm8k.rows,
    "humaneval": humaneval.rows,
    "ifeval": ifeval.rows,
    "math500": math500.rows,
    "mbpp": mbpp.rows,
    "mbpp_plus": mbpp_plus.rows,
}


def load(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The benchmark's problems as `PROBLEM` rows, `benchmark.limit` of them where that is set.

    Raises `UserError` for an unknown name, a package that is not installed, and a file that is missing or damaged.
    """
    if benchmark.name not in REGISTRY:
        known = ", ".join(sorted(REGISTRY))
        raise UserError(
            f"benchmarks: there is no benchmark {benchmark.name!r}. Choose from {known}, or add a file to evaluate/benchmarks."
        )
    rows = REGISTRY[benchmark.name](benchmark)
    if not rows:
        raise UserError(
            f"benchmark {benchmark.name}: {benchmark.path or 'the package'} has no rows. Give a file with its problems."
        )
    return spread(rows, benchmark.limit)


def spread(rows: list[dict[str, Any]], limit: int | None) -> list[dict[str, Any]]:
    """`limit` rows, evenly spaced over the order given: always the same ones, and not only the easy ones at the front."""
    if limit is None or limit >= len(rows):
        return rows
    return [rows[i * len(rows) // limit] for i in range(limit)]
