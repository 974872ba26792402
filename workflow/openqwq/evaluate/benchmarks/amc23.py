"""AMC 2023: forty problems of AMC 12 with integer answers, as math evaluations of Qwen and others have them.

{"id": 0, "question": "Cities $A$ and $B$ are $45$ miles apart. …", "answer": 27.0, "url": "https://artofproblemsolving.com/…"}
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.row import BOXED, problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {"amc23": Place("math-ai/amc23", "80815d37005feb82cd7f8fbc6901d5d3eff43057", split="test")}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The gold is an integer, which some copies of the set hold as a float or as text."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        where = f"benchmark {benchmark.name}, row {index}"
        answer: Any = field(raw, "answer", (int, float, str), where)
        try:
            gold = float(answer)
        except ValueError as error:
            raise UserError(f"{where}: the answer {answer!r} is no number. Fetch the file again.") from error
        if not gold.is_integer():
            raise UserError(f"{where}: the answer {answer!r} is no integer. Fetch the file again.")
        made.append(
            problem(
                source=benchmark.name,
                domain="math",
                prompt=field(raw, "question", str, where) + BOXED,
                verifier="math",
                reference={"answer": str(int(gold))},
                metadata={"index": index, "licence": "unknown"},
            )
        )
    return made
