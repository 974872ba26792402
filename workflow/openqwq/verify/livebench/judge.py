"""The verifier `livebench`: the rule of one of its tasks.

Reference: `{"task": "zebra_puzzle", "ground_truth": "…"}`, as published. Where a rule gives part credit,
`correct` means all of it. The published rules look at the whole response; ours at what stands after the thinking.
"""

from collections.abc import Callable
from typing import Any

from openqwq.verify.answer import split_thinking
from openqwq.verify.item import Watch
from openqwq.verify.livebench import (
    closing_integer,
    column_type,
    connections,
    expression,
    letters,
    spatial,
    table_join,
    typos,
    yes_no,
    zebra,
)
from openqwq.verify.livebench.gold import UnusableGold
from openqwq.verify.verdict import Verdict, incorrect, unscorable

MAX_LENGTH = 100_000  # characters of an answer

# Task -> (ground truth, answer, watch) -> verdict. Raises `UnusableGold`.
RULES: dict[str, Callable[[Any, str, Watch], Verdict]] = {
    "AMPS_Hard": expression.rule,
    "math_comp_choice": letters.rule,
    "math_comp_integer": closing_integer.rule,
    "web_of_lies_v2": yes_no.rule,
    "zebra_puzzle": zebra.rule,
    "spatial": spatial.rule,
    "connections": connections.rule,
    "typos": typos.rule,
    "cta": column_type.rule,
    "tablejoin": table_join.rule,
}


def judge(reference: Any, completion: str, watch: Watch) -> Verdict:
    """Judges one completion."""
    task = reference.get("task") if isinstance(reference, dict) else None
    if not isinstance(task, str) or task not in RULES:
        return unscorable(f'reference: "task" is {task!r}, expected one of {", ".join(RULES)}')
    _, answer = split_thinking(completion)
    if not answer.strip():
        return incorrect("no answer: nothing after the thinking")
    if len(answer) > MAX_LENGTH:
        return incorrect(f"limit: {len(answer)} characters, at most {MAX_LENGTH}")
    watch.phase("completion")
    try:
        return RULES[task](reference.get("ground_truth"), answer.strip(), watch)
    except UnusableGold as error:
        return unscorable(f"reference: {error}")
