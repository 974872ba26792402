"""Pairs that the reward model learns from, and which of them it is only measured on.

A prompt is on one side alone: a pair for training whose prompt is held out anywhere is left out, and counted.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import PREFERENCE
from openqwq.errors import UserError
from openqwq.train.tokens import encode, prompt_text


@dataclass(frozen=True)
class Pair:
    """Two completions of one prompt (as the model sees it), the first preferred."""

    id: str  # of the preference row, or of the problem
    source: str
    domain: str
    prompt: str
    chosen: str
    rejected: str
    margin: float = 0.0
    samples: tuple[int, int] | None = None  # which of the profile's samples these are


@dataclass(frozen=True)
class Encoded:
    """A pair with its token ids: the prompt's, and the completions' with their end token."""

    pair: Pair
    before: list[int]
    chosen: list[int]
    rejected: list[int]

    def longest(self) -> int:
        """Tokens of the longer side, prompt included."""
        return len(self.before) + max(len(self.chosen), len(self.rejected))

    def row(self, split: str, reason: str | None = None, scores: tuple[float, float] | None = None) -> dict[str, Any]:
        """As a `PAIR` row."""
        chosen, rejected = self.pair.samples or (None, None)
        return {
            "id": self.pair.id,
            "source": self.pair.source,
            "domain": self.pair.domain,
            "split": split,
            "reason": reason,
            "chosen_sample": chosen,
            "rejected_sample": rejected,
            "margin": self.pair.margin,
            "chosen_tokens": len(self.chosen),
            "rejected_tokens": len(self.rejected),
            "chosen_score": scores and scores[0],
            "rejected_score": scores and scores[1],
        }


def preferences(path: Path, tokenizer: Any) -> list[Pair]:
    """The pairs of a curated table. Raises `UserError` for a margin that is no number from 0 on."""
    return [
        Pair(
            id=row["id"],
            source=row["source"],
            domain=row["domain"],
            prompt=prompt_text(tokenizer, row),
            chosen=row["chosen"][-1]["content"],
            rejected=row["rejected"][-1]["content"],
            margin=_margin(row, path),
        )
        for row in read_table(path, PREFERENCE).to_pylist()
    ]


def _margin(row: dict[str, Any], path: Path) -> float:
    value = (json.loads(row["metadata"]) if row["metadata"] else {}).get("margin", 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise UserError(
            f"{path}: the pair {row['id']} of {row['source']} has metadata.margin {value!r:.60}; a margin is a number from 0 on. "
            "Mend the source's fields (the transform preference_strength takes the sign from a rating)."
        )
    return float(value)


def encoded(pairs: list[Pair], tokenizer: Any) -> list[Encoded]:
    """The pairs with their tokens."""
    made = []
    for pair in pairs:
        before, chosen = encode(tokenizer, pair.prompt, pair.chosen)
        made.append(Encoded(pair, before, chosen, encode(tokenizer, pair.prompt, pair.rejected)[1]))
    return made


def separated(
    training: list[Encoded], held_out: list[Encoded], max_length: int, say: Callable[[str], None]
) -> tuple[list[Encoded], list[dict[str, Any]]]:
    """The pairs that are trained on, and the `PAIR` rows of those and of what was left out, whose number is said aloud."""
    apart = {one.pair.prompt for one in held_out}
    kept, rows = [], []
    left_out: dict[str, int] = {}
    for one in training:
        reason = "its prompt is held out" if one.pair.prompt in apart else None
        if reason is None and one.longest() > max_length:
            reason = f"over {max_length} tokens"
        if reason is None:
            kept.append(one)
        else:
            left_out[reason] = left_out.get(reason, 0) + 1
        rows.append(one.row("left_out" if reason else "train", reason))
    for reason, count in left_out.items():
        say(f"{count} of {len(training)} pairs are left out: {reason}")
    return kept, rows
