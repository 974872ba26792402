"""The problems, rewards and scores that both trainers of `benchmarks.rl_step` share."""

import json
from pathlib import Path
from typing import Any

from openqwq.config.train import Sampling
from openqwq.data.rows import make_row, prompt
from openqwq.evaluate.samples import draw, judge
from openqwq.generate import Sampler
from openqwq.train.rewards import Judgement, rewards_of
from openqwq.verify import Item, VerifierPool

# Of the demo with seed 1: the sums that its cold start solves one to seven times of eight, and those held out.
POOL = Path(__file__).with_name("rl_pool.jsonl")
REWARDS = {"accuracy": 1.0, "format": 0.3}  # the demo's
EVALUATION = Sampling(temperature=0.6, top_p=0.95, top_k=40, max_tokens=96)  # the demo's
EVALUATION_SEED = 7


def problems(split: str) -> list[dict[str, Any]]:
    """The `PROBLEM` rows of `train` or `held_out`."""
    rows = [json.loads(line) for line in POOL.read_text(encoding="utf-8").splitlines()]
    return [
        make_row(
            "rl_pool", "math", prompt(row["question"]), verifier="math", reference={"answer": row["answer"], "form": "number"}
        )
        for row in rows
        if row["split"] == split
    ]


def rewards(texts: list[str], references: list[str], verifiers: VerifierPool) -> list[float | None]:
    """Of each completion; None where it cannot be judged."""
    items = [Item(str(n), "math", gold, text) for n, (text, gold) in enumerate(zip(texts, references, strict=True))]
    judged = verifiers.judge(items)
    return [rewards_of(Judgement(text, result.verdict, None), REWARDS)[1] for text, result in zip(texts, judged, strict=True)]


def score(sampler: Sampler, verifiers: VerifierPool, samples: int) -> float:
    """avg@`samples` on the held-out problems, at the demo's evaluation settings, with a seed that is always the same."""
    rows = judge(draw(sampler, problems("held_out"), samples, EVALUATION, EVALUATION_SEED, None), verifiers)
    return sum(row["verdict"] == "correct" for row in rows) / len(rows)
