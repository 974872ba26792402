"""Zebra puzzles: one answer, or several between commas in <solution>. The score is the mean of the share that is right and of
whether all are, as published (release 2024-11-25). An answer has to be equal; published, it may contain the right one."""

from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import items
from openqwq.verify.livebench.marked import bold, last_line, plain, solution
from openqwq.verify.verdict import Verdict, correct, incorrect


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is the answers as text, in the order of the questions."""
    due = [plain(item) for item in items(gold)]
    marked = solution(answer) or bold(answer) or last_line(answer)
    given = [plain(item) for item in marked.split(",")]
    if len(given) > len(due):
        return incorrect(f"{len(given)} answers to {len(due)} questions")
    right = sum(one == other for one, other in zip(due, given, strict=False))
    if right == len(due):
        return correct()
    return incorrect(f"{right} of {len(due)} right", score=right / len(due) / 2)
