"""MATH-500: 500 test problems of MATH (arXiv 2103.03874), chosen in "Let's Verify Step by Step" (arXiv 2305.20050).

{"problem": "Convert the point $(0,3)$ …", "answer": "\\left( 3, \\frac{\\pi}{2} \\right)", "subject": "Precalculus", "level": 2}
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.evaluate.benchmarks.row import BOXED, problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {"math500": Place("HuggingFaceH4/MATH-500", "6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be", split="test")}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The gold is the `answer` column, in LaTeX."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        where = f"benchmark {benchmark.name}, row {index}"
        made.append(
            problem(
                source=benchmark.name,
                domain="math",
                prompt=field(raw, "problem", str, where) + BOXED,
                verifier="math",
                reference={"answer": str(field(raw, "answer", (int, str), where))},
                metadata={"index": index, "licence": "MIT", "subject": raw.get("subject"), "level": raw.get("level")},
            )
        )
    return made
