"""The reference of a code problem, checked.

    {"language": "python", "style": "stdio", "tests": [{"input": "…", "output": "…"}], "compare": "lines" | "tokens"}
    {"style": "call", "entry_point": "f", "tests": [{"args": […], "kwargs": {…}, "expected": …}], "setup": "…"}
    {"style": "check", "entry_point": "f", "setup": "…", "tests": "def check(candidate): …"}

Each may have `time_limit_s` (wall time of one test; of all of them for `check`) and `memory_mb`. With `"literal": true` the
`args`, `kwargs` and `expected` of a call are texts of Python literals, which tell tuples, sets, bytes and keys that are no
text apart; in plain JSON a list stands for a tuple too. A list of tests may be compressed (packed.py).
"""

import ast
import math
from dataclasses import dataclass
from typing import Any

from openqwq.sandbox import Limits
from openqwq.verify.code.packed import NotPacked, unpacked

DEFAULT_SECONDS = 10.0
DEFAULT_MEMORY_MB = 512
MAX_SECONDS, MAX_MEMORY_MB = 600.0, 3_072


class UnusableReference(Exception):
    """The reference does not say what is to be tested."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a candidate may use."""

    seconds: float
    memory_mb: int

    def limits(self, tests: int = 1) -> Limits:
        """As the sandbox wants them, for a process that takes so many tests; the CPU bound only backs up the wall clock."""
        return Limits(memory_mb=self.memory_mb, cpu_seconds=math.ceil(self.seconds * tests) + 2)


@dataclass(frozen=True, slots=True)
class CallTest:
    """One call and what it should return; `loose` where JSON could not tell a tuple from a list."""

    args: list[Any]
    kwargs: dict[str, Any]
    expected: Any
    loose: bool


def style_of(reference: Any) -> str:
    """`stdio`, `call` or `check`. Raises `UnusableReference`."""
    if not isinstance(reference, dict):
        raise UnusableReference("not an object")
    if reference.get("language", "python") != "python":
        raise UnusableReference(f'"language" is {reference["language"]!r}; only python can be run')
    style = reference.get("style")
    if style not in ("stdio", "call", "check"):
        raise UnusableReference(f'"style" is {style!r}, expected stdio, call or check')
    return str(style)


def bounds(reference: dict[str, Any]) -> Bounds:
    """The limits. Raises `UnusableReference` for one that is no positive number."""
    found = {}
    for key, default, most in (("time_limit_s", DEFAULT_SECONDS, MAX_SECONDS), ("memory_mb", DEFAULT_MEMORY_MB, MAX_MEMORY_MB)):
        value = reference.get(key)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
            raise UnusableReference(f'"{key}" is {value!r}, expected a number above 0, at most {most}')
        found[key] = value
    return Bounds(float(found["time_limit_s"]), max(128, int(found["memory_mb"])))


def text(reference: dict[str, Any], key: str, default: str | None = None) -> str:
    """A text of the reference. Raises `UnusableReference`."""
    value = reference.get(key, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise UnusableReference(f'no text under "{key}"')
    return value


def stdio_tests(reference: dict[str, Any]) -> list[tuple[str, str]]:
    """Inputs and outputs. Raises `UnusableReference`."""
    found = []
    for test in _tests(reference):
        if not isinstance(test.get("input"), str) or not isinstance(test.get("output"), str):
            raise UnusableReference('a test needs a text "input" and a text "output"')
        found.append((test["input"], test["output"]))
    return found


def call_tests(reference: dict[str, Any]) -> list[CallTest]:
    """Calls and expected values. Raises `UnusableReference`."""
    literal = reference.get("literal", False) is True
    found = []
    for test in _tests(reference):
        if "expected" not in test:
            raise UnusableReference('a test has no "expected"')
        args, kwargs, expected = (
            test.get("args", "[]" if literal else []),
            test.get("kwargs", "{}" if literal else {}),
            test["expected"],
        )
        if literal:
            args, kwargs, expected = (_literal(value) for value in (args, kwargs, expected))
        if not isinstance(args, list | tuple) or not isinstance(kwargs, dict):
            raise UnusableReference('"args" is not a list or "kwargs" not an object')
        found.append(CallTest(list(args), kwargs, expected, loose=not literal))
    return found


def _tests(reference: dict[str, Any]) -> list[dict[str, Any]]:
    try:
        tests = unpacked(reference.get("tests"))
    except NotPacked as error:
        raise UnusableReference(f'"tests" cannot be unpacked ({error})') from error
    if not isinstance(tests, list) or not tests or not all(isinstance(test, dict) for test in tests):
        raise UnusableReference('no list of tests under "tests"')
    return tests


def _literal(source: Any) -> Any:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise UnusableReference(f"{str(source)[:80]!r} is not a Python literal") from error
