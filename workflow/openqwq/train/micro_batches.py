"""Splits the completions of an optimizer step into forward passes with little padding.

Completions of a group stay together where their prompt can be shared (`shared_prompt.py`), as rows; where they are too long for
that, each is a row. Rows are sorted by length and taken in turn until the budget is full or more than `MOST_PADDING` of
the pass would be padding. The largest come first: memory fails early.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from openqwq.train.rollouts import Rollout
from openqwq.train.shared_prompt import MAX_TOKENS

DEFAULT_COMPLETIONS = 16
MOST_PADDING = 0.1


@dataclass(frozen=True, slots=True)
class Budget:
    """Of a forward pass: completions, or computed positions with their padding. A single completion may exceed it."""

    completions: int | None = None
    tokens: int | None = None

    @classmethod
    def of(cls, completions: int | None, tokens: int | None) -> "Budget":
        """From the configuration; `DEFAULT_COMPLETIONS` where it gives neither."""
        return cls(completions or (None if tokens else DEFAULT_COMPLETIONS), tokens)

    def holds(self, completions: int, tokens: int) -> bool:
        return (self.completions is None or completions <= self.completions) and (self.tokens is None or tokens <= self.tokens)


@dataclass(frozen=True, slots=True)
class _Row:
    members: list[Rollout]
    shared: bool
    prompt: int  # tokens
    width: int  # positions: of the prompt and all members, or of the one completion without its prompt

    @property
    def used(self) -> int:
        return self.width if self.shared else self.prompt + self.width


def micro_batches(
    rollouts: Sequence[Rollout], prompts: dict[str, list[int]], budget: Budget, sharing: bool
) -> list[list[Rollout]]:
    """The forward passes, each a list of completions, those of one prompt side by side.

    `prompts` has the tokens of each prompt; `sharing` is whether the model can read one for several completions.
    """
    ordered = sorted(rollouts, key=lambda r: (r.prompt, r.problem["id"], r.number))
    rows: list[_Row] = []
    for prompt, members in groupby(ordered, key=lambda r: r.prompt):
        rows += _rows(list(members), len(prompts[prompt]), budget, sharing)
    rows.sort(key=lambda row: (row.shared, -row.width, row.members[0].prompt, row.members[0].number))
    batches: list[list[_Row]] = []
    for row in rows:
        if batches and batches[-1][0].shared == row.shared and _fits([*batches[-1], row], budget):
            batches[-1].append(row)
        else:
            batches.append([row])
    return [[rollout for row in batch for rollout in row.members] for batch in batches]


def _rows(members: list[Rollout], prompt: int, budget: Budget, sharing: bool) -> list[_Row]:
    lengths = [len(r.sample.token_ids) for r in members]
    if not sharing or 2 * (prompt + max(lengths)) > MAX_TOKENS:
        return [_Row([rollout], False, prompt, length) for rollout, length in zip(members, lengths, strict=True)]
    rows: list[_Row] = []
    for rollout, length in zip(members, lengths, strict=True):
        last = rows[-1] if rows else None
        width = (last.width if last else 0) + 1 + length
        if last and width <= MAX_TOKENS and budget.holds(len(last.members) + 1, width):
            rows[-1] = _Row([*last.members, rollout], True, prompt, width)
        else:
            rows.append(_Row([rollout], True, prompt, prompt + length))
    return rows


def _fits(rows: list[_Row], budget: Budget) -> bool:
    width = max(row.width for row in rows)
    if not rows[0].shared:  # prompts are padded on the left, completions on the right
        width += max(row.prompt for row in rows)
    computed = len(rows) * width
    little = sum(row.used for row in rows) >= (1 - MOST_PADDING) * computed
    return little and budget.holds(sum(len(row.members) for row in rows), computed)
