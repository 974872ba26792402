"""Table joins: a mapping from columns of one table to those of another. The score is F1 over the pairs, as published."""

import ast
import json
from typing import Any

from openqwq.verify.answer import last_code_block
from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import UnusableGold
from openqwq.verify.livebench.marked import solution
from openqwq.verify.verdict import Verdict, correct, incorrect

MAX_MAPPING = 10_000  # characters


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is the mapping as JSON or Python text."""
    due = gold if isinstance(gold, dict) else _mapping(gold) if isinstance(gold, str) else None
    if not due:
        raise UnusableGold('no mapping under "ground_truth"')
    block = last_code_block(answer) or solution(answer) or answer
    if len(block) > MAX_MAPPING:
        return incorrect(f"limit: a mapping of {len(block)} characters, at most {MAX_MAPPING}")
    given = _mapping(block)
    if given is None:
        return incorrect("no answer: no mapping")
    right = sum(given.get(column) == other for column, other in due.items())
    score = 2 * right / (len(given) + len(due))
    return correct() if score == 1 else incorrect(f"{right} of {len(due)} columns, {len(given)} given", score=score)


def _mapping(source: str) -> dict[str, str] | None:
    """A literal mapping from text to text, None for anything else."""
    try:
        value = json.loads(source)
    except (ValueError, RecursionError):
        try:
            value = ast.literal_eval(source.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
    if isinstance(value, dict) and all(isinstance(part, str) for pair in value.items() for part in pair):
        return value
    return None
