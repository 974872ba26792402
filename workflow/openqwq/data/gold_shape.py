"""Whether a reference has what its verifier reads, before anything is judged with it.

Two kinds of fault: `no gold`, where it is missing or empty, and `the gold has the wrong shape`, where it is of another type.
Only what curation itself reads is looked at; finer faults are the verifier's to find, in the step `gold`.
"""

import json
from collections.abc import Callable
from typing import Any

from openqwq.agents.registry import ENVIRONMENTS

NO_GOLD = "no gold"
WRONG_SHAPE = "the gold has the wrong shape"
Fault = tuple[str, str]  # the kind, the same for many rows; and what is amiss with this one

# What a reference must hold, by verifier and, for code, by style.
REQUIRED = {
    "math": ("answer",),
    "instructions": ("instruction_id_list", "kwargs"),
    "tool_call": ("calls",),
    "choice": ("answer", "options"),
    "environment": ("environment", "task"),
}
REQUIRED_CODE = {"stdio": ("tests",), "call": ("entry_point", "tests"), "check": ("entry_point", "tests")}
MAY_BE_EMPTY = {"calls"}  # an empty list of calls means that calling no tool is right


def fault(verifier: str | None, reference: str | None) -> Fault | None:
    """What is amiss with the reference column (JSON) of a row, or None. Rows without a verifier need no gold."""
    if verifier is None:
        return None
    if reference is None:
        return NO_GOLD, "the row has no value for the gold"
    gold = json.loads(reference)
    if not isinstance(gold, dict):
        return WRONG_SHAPE, f"the reference is an object, this is {type(gold).__name__}"
    needed = REQUIRED.get(verifier, ())
    if verifier == "code":
        style = gold.get("style")
        if not isinstance(style, str) or style not in REQUIRED_CODE:
            return WRONG_SHAPE, f"unknown style of reference: {style!r}, known are {', '.join(REQUIRED_CODE)}"
        needed = REQUIRED_CODE[style]
    for key in needed:
        value = gold.get(key)
        if value is None or (key not in MAY_BE_EMPTY and (value in ([], {}) or (isinstance(value, str) and not value.strip()))):
            return NO_GOLD, f"reference.{key} is missing or empty"
    amiss = _AMISS[verifier](gold) if verifier in _AMISS else None
    return None if amiss is None else (WRONG_SHAPE, amiss)


def _math(gold: dict[str, Any]) -> str | None:
    return None if isinstance(gold["answer"], str) else _not("reference.answer", "text", gold["answer"])


def _code(gold: dict[str, Any]) -> str | None:
    if gold["style"] != "stdio" and not isinstance(gold["entry_point"], str):
        return _not("reference.entry_point", "text", gold["entry_point"])
    if gold["style"] == "check":
        return None if isinstance(gold["tests"], str) else _not("reference.tests", "text", gold["tests"])
    return _not_list_of(gold["tests"], "reference.tests", dict, "objects")


def _instructions(gold: dict[str, Any]) -> str | None:
    wrong = _not_list_of(gold["instruction_id_list"], "reference.instruction_id_list", str, "texts")
    if wrong is not None:
        return wrong
    if not isinstance(gold["kwargs"], list):
        return _not("reference.kwargs", "a list of objects", gold["kwargs"])
    for given in gold["kwargs"]:
        if given is None:  # an instruction without arguments, as tables store it
            continue
        if not isinstance(given, dict):
            return _not("each of reference.kwargs", "an object", given)
        words = given.get("forbidden_words")
        wrong = None if words is None else _not_list_of(words, "forbidden_words in reference.kwargs", str, "texts")
        if wrong is not None:
            return wrong
    return None


def _tool_call(gold: dict[str, Any]) -> str | None:
    wrong = _not_list_of(gold["calls"], "reference.calls", dict, "objects")
    if wrong is not None:
        return wrong
    for call in gold["calls"]:
        if not isinstance(call.get("name"), str):
            return _not("the name of a call in reference.calls", "text", call.get("name"))
        if not isinstance(call.get("arguments"), dict):
            return _not("the arguments of a call in reference.calls", "an object", call.get("arguments"))
    return None


def _choice(gold: dict[str, Any]) -> str | None:
    if not isinstance(gold["answer"], str):
        return _not("reference.answer", "a letter", gold["answer"])
    return _not_list_of(gold["options"], "reference.options", str, "texts")


def _environment(gold: dict[str, Any]) -> str | None:
    if gold["environment"] not in (known := list(ENVIRONMENTS)):
        return _not("reference.environment", f"one of {', '.join(known)}", gold["environment"])
    return None if isinstance(gold["task"], dict) else _not("reference.task", "an object", gold["task"])


_AMISS: dict[str, Callable[[dict[str, Any]], str | None]] = {
    "math": _math,
    "code": _code,
    "instructions": _instructions,
    "tool_call": _tool_call,
    "choice": _choice,
    "environment": _environment,
}


def _not_list_of(value: Any, name: str, kind: type, what: str) -> str | None:
    if not isinstance(value, list):
        return _not(name, f"a list of {what}", value)
    others = [item for item in value if not isinstance(item, kind)]
    return _not(name, f"a list of {what}", others[0], "holds") if others else None


def _not(name: str, what: str, value: Any, verb: str = "is") -> str:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else f"{shown[:79]}…"
    return f"{name} is {what}, this {verb} {shown}"
