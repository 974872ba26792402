"""Connections: words in groups of four, in any order. The score is the share of groups that are right."""

from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import UnusableGold, items
from openqwq.verify.livebench.marked import bold, last_line, solution
from openqwq.verify.verdict import Verdict, correct, incorrect

SIZE = 4


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is all words as text, group after group."""
    words = [word.lower() for word in items(gold)]
    due = _groups(words)
    if len(words) % SIZE or len(set(words)) != len(words):
        raise UnusableGold(f"{len(words)} words, {len(set(words))} of them different, are no groups of {SIZE}")
    marked = solution(answer) or bold(answer) or last_line(answer)
    given = [word.strip().strip("*.").lower() for word in " ".join(marked.split()).split(",")]
    if len(given) != len(set(given)) or len(given) > len(words):
        return incorrect("a word is given twice, or there are too many")
    right = sum(group in due for group in _groups(given))
    return correct() if right == len(due) else incorrect(f"{right} of {len(due)} groups", score=right / len(due))


def _groups(words: list[str]) -> list[set[str]]:
    return [set(words[start : start + SIZE]) for start in range(0, len(words), SIZE)]
