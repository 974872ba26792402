r"""AMPS_Hard: an expression in a box, equal in value as the verifier `math` has it. A constant of integration may be added."""

import re
from typing import Any

from openqwq.verify.answer import boxes
from openqwq.verify.item import Watch
from openqwq.verify.livebench.gold import UnusableGold, text
from openqwq.verify.math.judge import judge as judge_math
from openqwq.verify.verdict import Verdict, incorrect

_CONSTANT = re.compile(r"\+\s*(?:C|c|\\text\{\s*C\s*\}|\\mathrm\{\s*C\s*\})\s*$")


def rule(gold: Any, answer: str, watch: Watch) -> Verdict:
    """`gold` is LaTeX; a list is the last of its forms, as published."""
    due = text(gold[-1] if isinstance(gold, list) and gold else gold)
    found = boxes(answer)
    if not found:
        return incorrect("no answer: no closed box after the thinking")
    if len(found) > 1:
        return incorrect("several boxes")
    due = _CONSTANT.sub("", due.strip("$").strip()).strip()
    if not due:
        raise UnusableGold(f"{gold!r} is a constant of integration alone")
    given = _CONSTANT.sub("", found[0]).strip()
    return judge_math({"answer": due}, f"\\boxed{{{given}}}", watch)
