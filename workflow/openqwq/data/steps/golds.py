"""What to put before a verifier to test one row's gold: a completion that must pass, and ones of which one must fail."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from openqwq.data.rows import Row, metadata_of
from openqwq.data.steps import mutate


@dataclass(frozen=True, slots=True)
class Trial:
    """`right` must be judged correct; of `wrong` at least one must be judged incorrect, and `what` names it in reasons.

    `right` is None for instructions without a reference answer: that the constraints can be scored and broken is all that
    can be known of them.
    """

    right: str | None
    wrong: list[str]
    what: str


class NoTrial(Exception):
    """The row's gold cannot be tested; the message is the reason."""


def trial(row: Row) -> Trial:
    """The trial of one row that has a verifier. Raises `NoTrial` where it offers nothing to try."""
    maker = _MAKERS.get(row["verifier"])
    if maker is None:
        raise NoTrial(f"the verifier {row['verifier']!r} has no gold check")
    return maker(row, json.loads(row["reference"]))


def _math(row: Row, reference: dict[str, Any]) -> Trial:
    wrong = f"\\boxed{{{mutate.answer(str(reference['answer']))}}}"
    if "completion" in row:
        return Trial(row["completion"], [_thinking(row["completion"]) + wrong], "a changed answer")
    return Trial(f"\\boxed{{{reference['answer']}}}", [wrong], "a changed answer")


def _code(row: Row, reference: dict[str, Any]) -> Trial:
    wrong = f"```python\n{mutate.program(reference)}\n```"
    if "completion" in row:
        return Trial(row["completion"], [wrong], "a stub")
    solution = metadata_of(row).get("solution")
    if not isinstance(solution, str) or not solution.strip():
        raise NoTrial("no reference solution: map it to metadata.solution")
    return Trial(f"```python\n{solution.strip()}\n```", [wrong], "a stub")


def _instructions(row: Row, reference: dict[str, Any]) -> Trial:
    right = row["completion"] if "completion" in row else metadata_of(row).get("solution")
    return Trial(
        right if isinstance(right, str) else None,
        mutate.followed(str(right or ""), reference),
        "an answer that ignores the instructions",
    )


def _tool_call(row: Row, reference: dict[str, Any]) -> Trial:
    accepted = [
        {"name": call["name"], "arguments": {k: v for k, v in map(_first, call["arguments"].items()) if v != ""}}
        for call in reference["calls"]
    ]
    right = row["completion"] if "completion" in row else _call_blocks(accepted)
    return Trial(right, [_call_blocks(mutate.calls(accepted))], "a call to another function")


def _choice(row: Row, reference: dict[str, Any]) -> Trial:
    others = [chr(ord("A") + number) for number in range(len(reference["options"]))]
    wrong = [f"\\boxed{{{letter}}}" for letter in others if letter != reference["answer"]][:1]
    right = row["completion"] if "completion" in row else f"\\boxed{{{reference['answer']}}}"
    return Trial(right, wrong, "another option")


_MAKERS: dict[str, Callable[[Row, dict[str, Any]], Trial]] = {
    "math": _math,
    "code": _code,
    "instructions": _instructions,
    "tool_call": _tool_call,
    "choice": _choice,
}


def _first(argument: tuple[str, Any]) -> tuple[str, Any]:
    """An argument with the first of its accepted values (BFCL's form lists them), or its plain value."""
    name, value = argument
    return (name, value[0]) if isinstance(value, list) and value else (name, value)


def _call_blocks(calls: list[dict[str, Any]]) -> str:
    blocks = [f"<tool_call>\n{json.dumps(call, ensure_ascii=False)}\n</tool_call>" for call in calls]
    return "\n".join(blocks) or "None of the tools fits."


def _thinking(completion: str) -> str:
    """The thinking of a completion, closing tag included; empty where there is none."""
    match = re.match(r".*</think>\s*", completion, re.DOTALL)
    return match[0] if match else ""
