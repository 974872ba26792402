"""AIME within LiveBench's math competitions: three digits as the last number of the answer, or in a box or <solution>."""

import re
from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import UnusableGold, text
from openqwq.verify.livebench.marked import solution
from openqwq.verify.verdict import Verdict, correct, incorrect

_NUMBER = re.compile(r"(?<![\d.,-])\d{1,3}(?![\d]|[.,]\d)")
END = 100  # characters at the end in which the number has to stand


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is a number of at most three digits as text."""
    due = text(str(gold) if isinstance(gold, int) and not isinstance(gold, bool) else gold)
    if not re.fullmatch(r"[0-9]{1,3}", due):
        raise UnusableGold(f"{gold!r} is no number of three digits")
    found = re.findall(r"\d+", marked) if (marked := solution(answer)) else _NUMBER.findall(answer[-END:])
    if not found or (marked and (len(found) > 1 or not re.fullmatch(r"[\s$]*\d{1,3}[\s$.]*", marked))):
        return incorrect("no answer: no number at the end")
    return correct() if int(found[-1]) == int(due) else incorrect("another number")
