"""What an environment is: hidden state, tools as typed and documented methods, and a score of what was reached.

The form is that of TRL's `environment_factory`: every public method but `reset`, `score` and `close` is a tool, and its
type hints and docstring (one sentence, `Args:`, `Returns:`) are its JSON schema.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar, Protocol

from openqwq.verify import Verdict

TOOL_SECONDS = 10.0  # wall time of one call
RESERVED = ("reset", "score", "close")


class ToolError(Exception):
    """A call that cannot be carried out; the message is what the model reads, so it says what to do instead."""


class BadTask(Exception):
    """A problem's task that its environment cannot set up: the problem's fault, so its episodes are unscorable."""


class Environment(Protocol):
    """One instance serves one episode at a time: `reset`, calls, `score`, and again. `close` ends it.

    A tool returns text or a JSON value and raises `ToolError` for what the model can mend. It may not hang: what a call may
    take is bounded by its input, or by the `tool_seconds` that the class is made with.
    """

    name: ClassVar[str]

    def __init__(self, _tool_seconds: float = TOOL_SECONDS, /) -> None: ...

    def reset(self, problem: Mapping[str, Any], /) -> str | None:
        """Sets the state up for a row of the PROBLEM shape; text that it returns ends the first user turn.

        Raises `BadTask`, and `SandboxBroken` or `UserError` where the infrastructure is missing.
        """

    def score(self, answer: str, /) -> Verdict:
        """From the state that was reached, or from the answer in the model's last turn; never from what it says that it did."""

    def close(self) -> None:
        """Gives everything back that the instance holds. May be called twice."""


def reference_of(problem: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The environment's name and the task in a problem's reference, `{"environment": name, "task": {…}}`. Raises `BadTask`."""
    try:
        reference = json.loads(problem["reference"])
        name, task = reference["environment"], reference["task"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadTask(f"no environment with its task ({error!r})") from error
    if not isinstance(name, str) or not isinstance(task, dict):
        raise BadTask("the environment is no text, or the task no object")
    return name, task


def task_of(problem: Mapping[str, Any], **shape: type) -> dict[str, Any]:
    """A problem's task, which has the keys of `shape`, each with a value of that type. Raises `BadTask`."""
    _, task = reference_of(problem)
    for key, kind in shape.items():
        if not isinstance(task.get(key), kind):
            raise BadTask(f"task.{key} is missing or no {kind.__name__}")
    return task


def tool_names(environment: type[Environment]) -> list[str]:
    """The public methods of an environment that are tools, by name."""
    methods = inspect.getmembers(environment, predicate=inspect.isfunction)
    return [name for name, _ in methods if not name.startswith("_") and name not in RESERVED]


@cache
def tool_schemas(environment: type[Environment]) -> list[dict[str, Any]]:
    """The JSON schemas of an environment's tools, as chat templates take them. The list is shared: do not change it."""
    from transformers.utils import get_json_schema

    return [_without_return(get_json_schema(getattr(environment, name))) for name in tool_names(environment)]


def _without_return(schema: dict[str, Any]) -> dict[str, Any]:
    """What a tool returns is seen when it is called; the description alone is shown before."""
    schema["function"].pop("return", None)
    return schema


def tools_of(environment: Environment) -> dict[str, Callable[..., Any]]:
    """An instance's tools by name, bound."""
    return {name: getattr(environment, name) for name in tool_names(type(environment))}
