"""AIME 2024 and 2025, thirty competition problems a year with integer answers, as QwenLM/QwQ evaluates them, or from the hub.

    {"prompt": "Every morning Aya goes for a $9$-kilometer-long walk … put your final answer within \\boxed{}.", "answer": 204}
    {"id": "60", "problem": "Every morning Aya goes for a $9$-kilometer-long walk …", "solution": "\\boxed{204}"}

QwQ draws 64 completions a problem: thirty problems alone leave an interval of ±18 points.
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.evaluate.benchmarks.row import BOXED, problem
from openqwq.evaluate.benchmarks.source import field, from_hub
from openqwq.verify.answer import boxes

HUB = {
    "aime24": Place("math-ai/aime24", "83a7f387baaa524a8bda0022eac0541582297103", split="test"),
    "aime25": Place("math-ai/aime25", "563bb8404243c5f09de6ec262f2db674fe5bce9b", split="test"),
}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """QwQ's `prompt` says how to mark the answer; a bare `problem` is asked in the same words."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        where = f"benchmark {benchmark.name}, row {index}"
        prompt = field(raw, "problem", str, where) + BOXED if "problem" in raw else field(raw, "prompt", str, where)
        worked = boxes(raw["solution"]) if "answer" not in raw and isinstance(raw.get("solution"), str) else []
        made.append(
            problem(
                source=benchmark.name,
                domain="math",
                prompt=prompt,
                verifier="math",
                reference={"answer": worked[-1] if worked else str(field(raw, "answer", (int, str), where))},
                metadata={"index": index, "licence": "Apache-2.0"},
            )
        )
    return made
