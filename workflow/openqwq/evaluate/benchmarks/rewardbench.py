"""RewardBench (arXiv 2403.13787): 2,985 pairs of answers of which a reward model should prefer the first, in 23 subsets, ODC-BY.

    {"id": 30, "subset": "alpacaeval-easy", "prompt": "How do I detail a car?", "chosen": "Detailing a car involves …",
     "rejected": "Hi, I'm sorry …", "chosen_model": "GPT4-Turbo", "rejected_model": "alpaca-7b"}

Pairs, not problems: no completion is drawn, so this is no line of the registry but the command `openqwq rewardbench`.
"""

from typing import Any

from openqwq.config.evaluate import Benchmark
from openqwq.data.rows import make_row, prompt, reply
from openqwq.data.sources.hub_rows import Place
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks.source import field, from_hub

HUB = Place("allenai/reward-bench", "168d848cdbbea9764fae4a544dc9ca1e6cca4931", split="filtered")
HUMANEVAL = ("hep-cpp", "hep-go", "hep-java", "hep-js", "hep-python", "hep-rust")
# Section -> subset -> weight in the section's figure: its size, but for math-prm, which weighs as much as all programs together
# (rewardbench/constants.py, v0.1.4).
SECTIONS: dict[str, dict[str, int]] = {
    "Chat": {
        "alpacaeval-easy": 100,
        "alpacaeval-length": 95,
        "alpacaeval-hard": 95,
        "mt-bench-easy": 28,
        "mt-bench-med": 40,
    },
    "Chat Hard": {
        "mt-bench-hard": 37,
        "llmbar-natural": 100,
        "llmbar-adver-neighbor": 134,
        "llmbar-adver-GPTInst": 92,
        "llmbar-adver-GPTOut": 47,
        "llmbar-adver-manual": 46,
    },
    "Safety": {
        "refusals-dangerous": 100,
        "refusals-offensive": 100,
        "xstest-should-refuse": 154,
        "xstest-should-respond": 250,
        "donotanswer": 136,
    },
    "Reasoning": {"math-prm": 984, **dict.fromkeys(HUMANEVAL, 164)},
}
SUBSETS = {subset for section in SECTIONS.values() for subset in section}


def rows(benchmark: Benchmark) -> list[dict[str, Any]]:
    """`PREFERENCE` rows, the subset in the metadata. Raises `UserError` for a subset that no section has."""
    made = []
    for index, raw in enumerate(from_hub(benchmark, HUB)):
        where = f"benchmark {benchmark.name}, row {index}"
        subset = field(raw, "subset", str, where)
        if subset not in SUBSETS:
            raise UserError(f"{where}: the subset {subset!r} is none of RewardBench's. Fetch the file again or correct the path.")
        made.append(
            make_row(
                benchmark.name,
                "chat",
                prompt(field(raw, "prompt", str, where)),
                metadata={"id": raw.get("id"), "subset": subset, "licence": "ODC-BY"},
                chosen=reply(field(raw, "chosen", str, where)),
                rejected=reply(field(raw, "rejected", str, where)),
            )
        )
    if not made:
        raise UserError(f"benchmark {benchmark.name}: {benchmark.path or HUB.id} has no rows. Give a file with its pairs.")
    return made
