"""MMLU-Pro: 12,032 questions of fourteen subjects with up to ten options (arXiv 2406.01574), MIT.

{"question_id": 70, "question": "Typical advertising regulatory bodies suggest, for example that adverts must not: …",
 "options": ["Safe practices, Fear, Jealousy, Trivial", …], "answer": "I", "answer_index": 8, "category": "business"}
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.multiple_choice import choice_problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {"mmlu_pro": Place("TIGER-Lab/MMLU-Pro", "b189ec765aa7ed75c8acfea42df31fdae71f97be", split="test")}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """Asked without worked examples, options in the published order."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        name = field(raw, "question_id", (int, str), f"benchmark {benchmark.name}, row {index}")
        where = f"benchmark {benchmark.name}, question {name}"
        options, right = field(raw, "options", list, where), field(raw, "answer_index", int, where)
        letter = field(raw, "answer", str, where)
        if not 0 <= right < len(options) or letter != chr(ord("A") + right):
            raise UserError(f"{where}: answer {letter!r} and answer_index {right} do not agree. Fetch the file again.")
        made.append(
            choice_problem(
                benchmark.name,
                field(raw, "question", str, where),
                [str(text) for text in options],
                right,
                {"question_id": name, "category": raw.get("category"), "licence": "MIT"},
            )
        )
    return made
