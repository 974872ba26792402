"""Carrying out the calls of one turn. Whatever the model wrote, it gets an answer of bounded length."""

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from openqwq.agents import arguments, feedback
from openqwq.agents.clock import within
from openqwq.agents.environment import TOOL_SECONDS, Conversation, Environment, ToolBroken, ToolError, ToolStuck, called, offered
from openqwq.errors import UserError
from openqwq.sandbox import SandboxBroken
from openqwq.verify.answer import split_thinking
from openqwq.verify.tool_call import BadCall, disguised, read_calls

MAX_CALLS = 16  # of one turn
TOLD = 300  # characters of what a tool raised
_FORM = 'Write each call as one JSON object {"name": ..., "arguments": {...}} between tool_call tags'


@dataclass(frozen=True, slots=True)
class Calls:
    """What a turn asks for: calls in order, or `fault` where they cannot be read; neither, where it calls no tool."""

    calls: list[dict[str, Any]]
    fault: str | None = None

    def __bool__(self) -> bool:
        return bool(self.calls) or self.fault is not None


@dataclass(frozen=True, slots=True)
class Answers:
    """A text for each call; one for the whole turn where they could not be read."""

    texts: list[str]
    failed: int


def read_turn(turn: str) -> Calls:
    """The calls of a turn; those in its thinking do not count."""
    try:
        calls = read_calls(turn)
    except BadCall as fault:
        return Calls([], str(fault))
    if not calls and disguised(split_thinking(turn)[1]):
        return Calls([], "a call in another form")
    return Calls([], f"{len(calls)} calls in one turn, at most {MAX_CALLS}") if len(calls) > MAX_CALLS else Calls(calls)


def carry_out(
    calls: Calls, environment: Environment, most: int, special: Iterable[str] = (), seconds: float = TOOL_SECONDS
) -> Answers:
    """Carries the calls out in order.

    `most`: characters of one answer; `special`: texts of the tokenizer's special tokens; `seconds`: wall time of a call. Raises
    `ToolBroken` for a tool that fails with anything but `ToolError`, and `SandboxBroken` and `UserError` as they come.
    """
    if calls.fault is not None:
        told = feedback.error(f"no call was carried out: {calls.fault}. {_FORM}.")
        return Answers([feedback.escaped(feedback.shown(told, most), special)], 1)
    texts, failed = [], 0
    for call in calls.calls:
        try:
            value = _carried_out(call, environment, seconds)
        except ToolError as fault:
            value, failed = feedback.error(str(fault)), failed + 1
        texts.append(feedback.escaped(feedback.shown(value, most), special))
    return Answers(texts, failed)


def _carried_out(call: dict[str, Any], environment: Environment, seconds: float) -> Any:
    """The tool's result. Raises `ToolError`, also for an unknown tool and arguments that do not fit."""
    functions = {schema["function"]["name"]: schema["function"] for schema in offered(environment)}
    function = functions.get(call["name"])
    if function is None:
        raise ToolError(f"there is no tool {call['name'][:80]!r}. The tools are {', '.join(functions)}.")
    # What a conversation's tools say to a value of another type is part of what it is judged by.
    why = arguments.fault(function, call["arguments"], typed=not isinstance(environment, Conversation))
    if why:
        raise ToolError(why)
    try:
        if getattr(environment, "keeps_time", False):
            return called(environment, call["name"], call["arguments"])
        return within(seconds, lambda: called(environment, call["name"], call["arguments"]))
    except (ToolError, SandboxBroken, UserError):
        raise
    except ToolStuck as error:
        raise ToolStuck(f"{call['name']} of the environment {environment.name}: {error}") from error
    except (Exception, SystemExit) as error:  # of code that may be anybody's
        what = traceback.format_exception_only(error)[-1].strip()[:TOLD]
        raise ToolBroken(f"{call['name']} of the environment {environment.name} raised {what}") from error
