"""GPQA-diamond: 198 questions of graduate level in biology, physics and chemistry (arXiv 2311.12022), CC-BY-4.0.

    {"Record ID": "rec…", "Question": "…", "Correct Answer": "…", "Incorrect Answer 1": "…", "Incorrect Answer 2": "…",
     "Incorrect Answer 3": "…", "High-level domain": "Physics", "Subdomain": "Quantum Mechanics", …}

Its authors ask that examples are not shown in plain text, hence the dots. The data set wants consent on its page, and so
a token (HF_TOKEN); `path` takes gpqa_diamond.csv.
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.evaluate.benchmarks.multiple_choice import choice_problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {"gpqa_diamond": Place("Idavidrein/gpqa", "633f5ee89ab8ad4522a9f850766b73f62147ffdd", files=("gpqa_diamond.csv",))}
ANSWERS = ("Correct Answer", "Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3")


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The right option comes first in the rows, so the options are shuffled, by a seed for each problem."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        where = f"benchmark {benchmark.name}, row {index}"
        name = field(raw, "Record ID", str, where)
        made.append(
            choice_problem(
                benchmark.name,
                field(raw, "Question", str, where),
                [field(raw, key, str, where).strip() for key in ANSWERS],
                0,
                {"record": name, "domain": raw.get("High-level domain"), "licence": "CC-BY-4.0"},
                shuffle=name,
            )
        )
    return made
