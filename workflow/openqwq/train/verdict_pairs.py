"""Preference pairs from verdicts: a correct and an incorrect completion of one problem, both the profile's samples.

They show the reward model what the policy itself writes. Only completions that ended by themselves count, for nobody knows how
the others would have ended; and those nearest in length are paired, so that length says little about which is right.
"""

import hashlib
from itertools import product
from pathlib import Path
from typing import Any

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import COMPLETION
from openqwq.config.reward import VerdictPairs
from openqwq.errors import UserError
from openqwq.train.pairs import Pair

SOURCE = "verdicts"  # of a domain: verdicts/math, a name that no configured source can have

Row = dict[str, Any]


def verdict_pairs(completions: Path, config: VerdictPairs, seed: int) -> tuple[list[Pair], list[Pair]]:
    """Pairs to train on and pairs held out, by problem. `completions` is the profile's table.

    Problems are taken in the order of a seeded hash. Raises `UserError` where no problem was answered both ways, or where none
    would be left on one of the sides.
    """
    by_problem: dict[str, list[Row]] = {}
    for row in read_table(completions, COMPLETION).to_pylist():
        if row["domain"] in config.domains and row["finish_reason"] == "stop":
            by_problem.setdefault(row["problem_id"], []).append(row)
    made = {identifier: pairs for identifier, rows in by_problem.items() if (pairs := _of_problem(rows, config.per_problem))}
    prompts = list(dict.fromkeys(pairs[0].prompt for pairs in made.values()))
    if len(prompts) < 2:
        raise UserError(
            f"{completions}: {len(prompts)} problems of {', '.join(config.domains)} have both a correct and an incorrect "
            "completion that ended by itself, two are the least. Raise profile.samples or profile.problems, or leave "
            "reward_model.verdict_pairs out."
        )
    prompts.sort(key=lambda prompt: _place(seed, prompt))
    held = set(prompts[: min(len(prompts) - 1, max(1, round(config.held_out * len(prompts))))])
    order = sorted((pairs for pairs in made.values()), key=lambda pairs: _place(seed + 1, pairs[0].prompt))
    bounded = [pair for pairs in order for pair in pairs][: config.max]
    training = [pair for pair in bounded if pair.prompt not in held]
    held_out = [pair for pair in bounded if pair.prompt in held]
    if not training or not held_out:
        raise UserError(
            f"reward_model.verdict_pairs.max {config.max}: no pair is left to {'measure' if training else 'train'} on. Raise it."
        )
    return training, held_out


def _of_problem(rows: list[Row], most: int) -> list[Pair]:
    """Up to `most` pairs, each text in one of them at most, the nearest in length first."""
    texts: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: int(row["sample"])):
        texts.setdefault(row["text"], row)
    right = [row for row in texts.values() if row["verdict"] == "correct"]
    wrong = [row for row in texts.values() if row["verdict"] == "incorrect"]
    nearest = sorted(product(right, wrong), key=lambda two: (abs(two[0]["tokens"] - two[1]["tokens"]), *_samples(two)))
    used: set[int] = set()
    pairs: list[Pair] = []
    for two in nearest:
        if len(pairs) < most and used.isdisjoint(_samples(two)):
            used.update(_samples(two))
            good, bad = two
            source = f"{SOURCE}/{good['domain']}"
            identifier = good["problem_id"]
            pairs.append(
                Pair(identifier, source, good["domain"], good["prompt"], good["text"], bad["text"], samples=_samples(two))
            )
    return pairs


def _samples(two: tuple[Row, Row]) -> tuple[int, int]:
    return int(two[0]["sample"]), int(two[1]["sample"])


def _place(seed: int, prompt: str) -> bytes:
    return hashlib.sha256(f"{seed}/{prompt}".encode()).digest()
