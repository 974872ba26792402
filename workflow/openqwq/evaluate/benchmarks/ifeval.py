"""IFEval, 541 prompts with constraints that code can check (arXiv 2311.07911).

{"prompt": "Write a 300+ word summary … Do not use any commas …", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {"ifeval": Place("google/IFEval", "966cd89545d6b6acfd7638bc708b98261ca58e84")}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The constraints are the reference, as published."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        where = f"benchmark {benchmark.name}, row {index}"
        instructions, arguments = field(raw, "instruction_id_list", list, where), field(raw, "kwargs", list, where)
        if len(instructions) != len(arguments):
            raise UserError(f"{where}: {len(instructions)} instructions but {len(arguments)} kwargs. Fetch the original file.")
        made.append(
            problem(
                source=benchmark.name,
                domain="instruction",
                prompt=field(raw, "prompt", str, where),
                verifier="instructions",
                reference={"instruction_id_list": instructions, "kwargs": given(arguments)},
                metadata={"index": index, "licence": "Apache-2.0"},
            )
        )
    return made


def given(arguments: list[Any]) -> list[dict[str, Any]]:
    """The arguments of each instruction. A table has a column for each of any instruction; those that are null were not given."""
    return [{key: value for key, value in (one or {}).items() if value is not None} for one in arguments]
