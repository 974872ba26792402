"""GSM8K, grade-school word problems (arXiv 2110.14168), from the test file of openai/grade-school-math.

{"question": "Janet's ducks lay 16 eggs per day. …", "answer": "Janet sells … <<9*2=18>>18 …\n#### 18"}
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.row import BOXED, problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {"gsm8k": Place("openai/gsm8k", "740312add88f781978c0658806c59bc2815b9866", subset="main", split="test")}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The gold is the number after `####`, without thousands separators."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        where = f"benchmark {benchmark.name}, row {index}"
        _, mark, gold = field(raw, "answer", str, where).rpartition("####")
        if not mark or not gold.strip():
            raise UserError(f"{where}: the answer has no '####' with the final number after it. Fetch the original file.")
        made.append(
            problem(
                source=benchmark.name,
                domain="math",
                prompt=field(raw, "question", str, where) + BOXED,
                verifier="math",
                reference={"answer": gold.strip().replace(",", "")},
                metadata={"index": index, "licence": "MIT"},
            )
        )
    return made
