"""LiveBench (arXiv 2406.19314), the parts that a plain rule scores, release 2024-11-25; a benchmark for each of its categories.

    {"question_id": "a52b…", "category": "reasoning", "task": "web_of_lies_v2", "ground_truth": "no, yes, yes",
     "turns": ["In this question, assume each person either always tells the truth or always lies. …"],
     "livebench_release_date": "2024-07-26", "livebench_removal_date": ""}
    {"category": "instruction_following", "task": "paraphrase", "instruction_id_list": ["keywords:existence"], "kwargs": [{…}], …}

The other tasks are left out (docs/evaluation.md says why), so a category's figure is not the leaderboard's.
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.ifeval import given
from openqwq.evaluate.benchmarks.row import problem
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = {
    "livebench_math": Place("livebench/math", "bb66571c8ccf32d3df9e6f48b920d3770ff4aacb", split="test"),
    "livebench_reasoning": Place("livebench/reasoning", "6fc6498a5dfba553f69f4413feabade1f1a2d384", split="test"),
    "livebench_language": Place("livebench/language", "3ada32a2e53d5e04e57fa503384cb85ce9116c40", split="test"),
    "livebench_data_analysis": Place("livebench/data_analysis", "31b9661ff678df9958e2f7fa228427f4c858c1a1", split="test"),
    "livebench_instruction_following": Place(
        "livebench/instruction_following", "0868379c4b5cf62aeacaf8be4f08fced815c81bb", split="test"
    ),
}
DOMAINS = {"math": "math", "instruction_following": "instruction"}  # of a category; elsewhere knowledge
TASKS = {
    "math": {"AMPS_Hard", "math_comp"},
    "reasoning": {"web_of_lies_v2", "zebra_puzzle", "spatial"},
    "language": {"connections", "typos"},
    "data_analysis": {"cta", "tablejoin"},
    "instruction_following": {"paraphrase", "simplify", "story_generation", "summarize"},
}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The problems of one category that were not removed from the benchmark again."""
    category = benchmark.name.removeprefix("livebench_")
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB[benchmark.name])):
        where = f"benchmark {benchmark.name}, row {index}"
        task = field(raw, "task", str, where)
        if task not in TASKS[category] or raw.get("livebench_removal_date"):
            continue
        turns = field(raw, "turns", list, where)
        if len(turns) != 1 or not isinstance(turns[0], str):
            raise UserError(f"{where}: {len(turns)} turns, expected one. Fetch the file again.")
        verifier, reference = _judged(raw, category, task, where)
        made.append(
            problem(
                source=benchmark.name,
                domain=DOMAINS.get(category, "knowledge"),
                prompt=turns[0],
                verifier=verifier,
                reference=reference,
                metadata={"question_id": raw.get("question_id"), "task": task, "licence": "Apache-2.0"},
            )
        )
    return made


def _judged(raw: dict[str, Any], category: str, task: str, where: str) -> tuple[str, dict[str, Any]]:
    """Verifier and reference."""
    if category == "instruction_following":
        names, arguments = field(raw, "instruction_id_list", list, where), field(raw, "kwargs", list, where)
        if len(names) != len(arguments):
            raise UserError(f"{where}: {len(names)} instructions but {len(arguments)} kwargs. Fetch the file again.")
        return "instructions", {"instruction_id_list": names, "kwargs": given(arguments)}
    truth = field(raw, "ground_truth", (str, list), where)
    if task == "math_comp":
        task = "math_comp_choice" if isinstance(truth, str) and truth.isalpha() else "math_comp_integer"
    return "livebench", {"task": task, "ground_truth": truth}
