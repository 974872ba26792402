"""Spatial puzzles: a number or the name of a shape in bold. The last bold text counts; published are the last three."""

import re
from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import text
from openqwq.verify.livebench.marked import bold, last_line, plain, solution
from openqwq.verify.verdict import Verdict, correct, incorrect

# What may stand before the name of a shape without changing it.
_KIND = re.compile(r"^(?:an?|two|2|equilateral|regular|right|isosceles|scalene)\s+")
_SHAPES = {"tetrahedra", "tetrahedron", "triangle", "square"}


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is the number in digits or the shape."""
    due = plain(text(gold))
    given = plain(solution(answer) or bold(answer) or last_line(answer))
    if given == due or (due in _SHAPES and _KIND.sub("", given) == due):
        return correct()
    return incorrect("another answer")
