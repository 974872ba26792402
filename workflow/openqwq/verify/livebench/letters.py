"""AMC within LiveBench's math competitions: the letter five times in a row, as its prompt asks, or in a box or <solution>."""

import re
from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import UnusableGold, text
from openqwq.verify.livebench.marked import solution
from openqwq.verify.verdict import Verdict, correct, incorrect

_FIVE = re.compile(r"(?<![A-Za-z])([A-E])\1{4}(?![A-Za-z])")


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is a letter from A to E. Runs of different letters are several answers."""
    due = text(gold)
    if not re.fullmatch(r"[A-E]", due):
        raise UnusableGold(f"{gold!r} is no letter from A to E")
    runs = set(_FIVE.findall(answer))
    if len(runs) > 1:
        return incorrect("several answers with different options")
    marked = re.fullmatch(r"\(?([A-Ea-e])\1*\)?\.?", solution(answer) or "")
    given = runs or ({marked[1].upper()} if marked else set())
    if not given:
        return incorrect("no answer: no letter five times, and none in a box")
    return correct() if given == {due} else incorrect("another option")
