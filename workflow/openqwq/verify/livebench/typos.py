"""Typos: the text without its misspellings and with no other change. Lines may be broken anew and words may stand around it, but
not so many that a second version of the text could be among them."""

from typing import Any

from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import text
from openqwq.verify.livebench.marked import solution
from openqwq.verify.verdict import Verdict, correct, incorrect


def rule(gold: Any, answer: str, _watch: Watch) -> Verdict:
    """`gold` is the corrected text."""
    due = " ".join(text(gold).split())
    given = " ".join((solution(answer) or answer).split())
    if len(given) >= 2 * len(due):
        return incorrect("the answer has room for more than one version of the text")
    return correct() if due in given else incorrect("not the corrected text")
