"""A reward model on RewardBench: how often the answer that should be preferred scores higher, by subset and section.

A tie counts half. A section's figure is the mean of its subsets, weighted as published; the overall figure is the mean of the
four sections. Where pairs are missing (`limit`), what is absent is left out of the weights.
"""

import json
from pathlib import Path
from typing import Any

from openqwq.artifacts.files import write_json, write_table
from openqwq.artifacts.schemas import SCORED_PAIR
from openqwq.config import Execution
from openqwq.config.evaluate import Benchmark
from openqwq.evaluate.benchmarks import spread
from openqwq.evaluate.benchmarks.rewardbench import SECTIONS, rows
from openqwq.evaluate.statistics import mean
from openqwq.stage import Stage

DRAWS = 10_000  # of the bootstrap


def run(stage: Stage, benchmark: Benchmark, checkpoint: Path, out: Path, execution: Execution) -> None:
    """Publishes the folder `out`: pairs.parquet with both scores of each pair, and accuracy.json."""
    # Imported here, as in the stages: torch takes seconds, and a missing file should be told at once.
    pairs = spread(rows(benchmark), benchmark.limit)
    from openqwq.train.scorer import RewardScorer
    from openqwq.train.tokens import prompt_text

    scorer = RewardScorer.load(checkpoint, execution.generation_batch, execution.generation_dtype)
    stage.progress.say(f"{len(pairs)} pairs")
    prompts = [prompt_text(scorer.tokenizer, pair) for pair in pairs]
    for side in ("chosen", "rejected"):
        scores = scorer.raw([(text, pair[side][-1]["content"]) for text, pair in zip(prompts, pairs, strict=True)])
        pairs = [pair | {f"{side}_score": score} for pair, score in zip(pairs, scores, strict=True)]
    with stage.publish_folder(out) as folder:
        write_table(folder / "pairs.parquet", pairs, SCORED_PAIR)
        write_json(folder / "accuracy.json", accuracy(pairs, stage.seed))


def accuracy(pairs: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """`overall`, `sections` and `subsets`, the latter with n and a 95 % interval; pairs are `SCORED_PAIR` rows."""
    wins: dict[str, list[float]] = {}
    for pair in pairs:
        ahead = pair["chosen_score"] - pair["rejected_score"]
        wins.setdefault(json.loads(pair["metadata"])["subset"], []).append(1.0 if ahead > 0 else 0.5 if ahead == 0 else 0.0)
    subsets = {}
    for name, values in sorted(wins.items()):
        made = mean(values, samples=1, draws=DRAWS, seed=seed)
        subsets[name] = {"value": made.value, "low": made.low, "high": made.high, "n": made.n}
    sections = {}
    for section, weights in SECTIONS.items():
        present = {subset: weight for subset, weight in weights.items() if subset in subsets}
        if present:
            total = sum(subsets[subset]["value"] * weight for subset, weight in present.items())
            sections[section] = total / sum(present.values())
    return {"overall": sum(sections.values()) / len(sections), "sections": sections, "subsets": subsets, "n": len(pairs)}


def table(figures: dict[str, Any]) -> str:
    """The figures in percent, for a terminal."""
    lines = [f"{name:<24}{100 * value:6.1f}" for name, value in {**figures["sections"], "overall": figures["overall"]}.items()]
    for name, one in figures["subsets"].items():
        lines.append(f"  {name:<22}{100 * one['value']:6.1f}  [{100 * one['low']:.1f}, {100 * one['high']:.1f}], n = {one['n']}")
    return "\n".join(lines)
