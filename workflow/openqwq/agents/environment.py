"""What an environment is: hidden state, tools as typed and documented methods, and a score of what was reached.

The form is that of TRL's `environment_factory`, which takes such a class as it is: every public method but `reset` is a tool, and
its type hints and docstring (what it does, then `Args:`) are its JSON schema. `score` and `close` are marked `not_a_tool`.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from functools import cache
from types import MethodType
from typing import Any, ClassVar, Protocol, TypeVar, cast, runtime_checkable

from openqwq.verify import Verdict

TOOL_SECONDS = 10.0  # wall time of one call
Method = TypeVar("Method", bound=Callable[..., Any])


class ToolError(Exception):
    """A call that cannot be carried out; the message is what the model reads, so it says what to do instead."""


class ToolBroken(Exception):
    """A tool that hangs, or fails with anything but `ToolError`: nobody knows the state, so the episode is unscorable."""


class ToolStuck(ToolBroken):
    """A tool that could not be stopped: its call may still be at work in the environment, which must not be touched any more."""


class BadTask(Exception):
    """A problem's task that its environment cannot set up: the problem's fault, so its episodes are unscorable."""


class _Hidden:
    """A method that looks for methods on the class do not find; on an instance it is the method."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method
        self.__doc__ = method.__doc__

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else MethodType(self._method, instance)


def not_a_tool(method: Method) -> Method:
    """Marks a public method of an environment that the model must not call."""
    return cast(Method, _Hidden(method))


def as_text(value: Any) -> str:
    """A tool's answer as JSON. TRL takes a list that a tool returns for the parts of a message, and of a dict writes Python."""
    return json.dumps(value, ensure_ascii=False, default=str)


class Environment(Protocol):
    """One instance serves one episode at a time: `reset`, calls, `score`, and again. `close` ends it.

    A tool returns text, of other values `as_text`, and raises `ToolError` for what the model can mend. Calls are stopped after
    `tool_seconds` (`clock.py`), each in a thread of its own, unless the class has `keeps_time = True`: it ends them itself, by
    the `tool_seconds` that it is made with, and they run in the thread that opened their sandbox. `reset`, `score`, `close` and
    a conversation's methods have no such clock.
    """

    name: ClassVar[str]

    def __init__(self, _tool_seconds: float = TOOL_SECONDS, /) -> None: ...

    def reset(self, **problem: Any) -> str | None:
        """Sets the state up for a row of the PROBLEM shape, by column; text that it returns ends the first user turn.

        Raises `BadTask`, and `SandboxBroken` or `UserError` where the infrastructure is missing.
        """

    @not_a_tool
    def score(self, answer: str, /) -> Verdict:
        """From the state that was reached, or from the answer in the model's last turn; never from what it says that it did."""

    @not_a_tool
    def close(self) -> None:
        """Gives everything back that the instance holds. May be called twice."""


@runtime_checkable
class Conversation(Environment, Protocol):
    """An environment whose user speaks more than once, and whose tools differ from task to task. For evaluation alone: what the
    user says next makes the template drop the thinking before it, so the model does not go on from its own tokens."""

    @not_a_tool
    def offered(self) -> list[dict[str, Any]]:
        """The JSON schemas of the tools that there are now."""

    @not_a_tool
    def call(self, name: str, arguments: dict[str, Any], /) -> Any:
        """Calls one of them with arguments that fit its schema, as a tool is called."""

    @not_a_tool
    def reply(self, answer: str, /) -> str | None:
        """What the user says to a turn without calls; None where that was the last."""


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
    """The tools of an environment, by TRL's rule. Raises `TypeError` for one that would offer its own judgement as a tool."""
    methods = inspect.getmembers(environment, predicate=inspect.isfunction)
    names = [name for name, _ in methods if not name.startswith("_") and name != "reset"]
    if "score" in names or "close" in names:
        raise TypeError(f"{environment.__name__}: mark score and close with @not_a_tool")
    return names


@cache
def tool_schemas(environment: type[Environment]) -> list[dict[str, Any]]:
    """The JSON schemas of an environment's tools, as chat templates take them. The list is shared: do not change it."""
    from transformers.utils import get_json_schema

    return [_without_return(get_json_schema(getattr(environment, name))) for name in tool_names(environment)]


def _without_return(schema: dict[str, Any]) -> dict[str, Any]:
    """What a tool returns is seen when it is called; the description alone is shown before."""
    schema["function"].pop("return", None)
    return schema


def offered(environment: Environment) -> list[dict[str, Any]]:
    """The schemas of the tools that an instance has now."""
    return environment.offered() if isinstance(environment, Conversation) else tool_schemas(type(environment))


def called(environment: Environment, name: str, arguments: dict[str, Any]) -> Any:
    """What one of them answers."""
    if isinstance(environment, Conversation):
        return environment.call(name, arguments)
    return getattr(environment, name)(**arguments)
