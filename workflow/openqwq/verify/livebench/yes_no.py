"""Web of lies: a list such as `yes, no, unknown`, in <solution>, a box or bold; every word has to be right."""

import re
from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import UnusableGold, items
from openqwq.verify.livebench.marked import bold, last_line, solution
from openqwq.verify.verdict import Verdict, correct, incorrect

WORDS = {"yes", "no", "unknown"}


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is the list as text."""
    due = [word.lower() for word in items(gold)]
    if not set(due) <= WORDS:
        raise UnusableGold(f"{gold!r} is no list of yes, no and unknown")
    marked = solution(answer) or bold(answer) or last_line(answer)
    given = [word for word in re.split(r"[\s,.;*]+|\band\b", marked.lower()) if word]
    if not set(given) <= WORDS or not given:
        return incorrect("no answer: no list of yes, no and unknown")
    return correct() if given == due else incorrect("another list")
