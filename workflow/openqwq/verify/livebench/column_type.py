"""Column types: the name of one type, by itself, in <solution>, a box or on the last line."""

import re
from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import UnusableGold, text
from openqwq.verify.livebench.marked import last_line, solution
from openqwq.verify.verdict import Verdict, correct, incorrect


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is the name; letters and digits alone are compared, in small letters."""
    due = _letters(text(gold))
    if not due:
        raise UnusableGold(f"{gold!r} has no letters")
    return correct() if _letters(solution(answer) or last_line(answer)) == due else incorrect("another type")


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())
