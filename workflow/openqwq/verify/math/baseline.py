"""math-verify alone, as its documentation uses it: for comparison with the verifier `math`, which answers for the reward.

Reference: `{"answer": "…"}`. The pool bounds its time; its own timeouts, which need signals, are off.
"""

import logging
from typing import Any

from openqwq.verify.answer import split_thinking
from openqwq.verify.item import Watch
from openqwq.verify.verdict import Verdict, correct, incorrect, unscorable


def judge(reference: Any, completion: str, watch: Watch) -> Verdict:
    """`parse` of gold and answer with the default extraction, then `verify`."""
    gold = reference.get("answer") if isinstance(reference, dict) else None
    if gold is None:
        return unscorable('reference: nothing under "answer"')
    watch.phase("loading")
    logging.getLogger("math_verify").setLevel(logging.ERROR)  # it warns once that its timeout is off, which is meant
    from math_verify import parse, verify

    watch.phase("gold")
    expected = parse(f"${gold}$", parsing_timeout=None)
    if not expected:
        return unscorable(f"reference: {gold!r} cannot be parsed")
    watch.phase("completion")
    answer = parse(split_thinking(completion)[1], parsing_timeout=None)
    return correct() if verify(expected, answer, timeout_seconds=None) else incorrect("not equal to the gold")
