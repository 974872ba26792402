"""EvalPlus (arXiv 2305.01210): many inputs without outputs. The canonical solution, run beside the tests and apart from the
candidate, gives the outputs."""

import pprint
from typing import Any

SECONDS = 60  # for all inputs of a task; a few of them are slow on purpose
CLOSE = "close(out, expected)"  # how outputs are compared unless a task says otherwise
TESTS = """
from copy import deepcopy
from math import inf, nan

SOLUTION = {{}}
exec({solution!r}, SOLUTION)  # in a namespace of its own: one of the functions is called check
{helpers}
ATOL = {atol!r}
INPUTS = {inputs}


def close(out, expected):
    if isinstance(expected, (list, tuple)):
        return isinstance(out, (list, tuple)) and len(out) == len(expected) and all(map(close, out, expected))
    if isinstance(expected, float) or (ATOL and isinstance(expected, int)):
        return isinstance(out, (int, float)) and (out == expected or abs(out - expected) <= (ATOL or 1e-6) + 1e-7 * abs(expected))
    return out == expected


def found(value):
    return value if isinstance(value, bool) else value is not None


def check(candidate):
    for arguments in INPUTS:
        expected = SOLUTION[{entry!r}](*deepcopy(arguments))
        out = candidate(*deepcopy(arguments))
        assert {oracle}, "another value than the canonical solution's"
"""


def check_program(
    entry: str, solution: str, inputs: list[list[Any]], *, atol: float, oracle: str = CLOSE, helpers: str = ""
) -> str:
    """`check(candidate)` over all inputs. `oracle`: an expression of `out`, `expected`, `arguments` and what `helpers` define."""
    return TESTS.format(
        solution=solution,
        helpers=helpers,
        atol=atol,
        inputs=pprint.pformat(inputs, width=120, compact=True),
        entry=entry,
        oracle=oracle,
    )
