"""The gold check tells good references from bad ones, with the real verifiers."""

import json

import pytest

from openqwq.data.rows import make_row, prompt, thought
from openqwq.data.steps import gold, mutate
from openqwq.verify import correct, incorrect, unscorable


def row(domain, verifier, reference, **more):
    return make_row("s", domain, prompt("Do it."), verifier=verifier, reference=reference, **more)


def math(answer, **more):
    return row("math", "math", {"answer": answer}, **more)


def call(expected, solution, **reference):
    tests = [{"args": [n], "kwargs": {}, "expected": value} for n, value in expected]
    whole = {"language": "python", "style": "call", "entry_point": "f", "tests": tests, **reference}
    return row("code", "code", whole, metadata={"solution": solution} if solution else {})


def fenced(code):
    return thought("Plan.", f"```python\n{code}\n```")


PLUS_ONE = "def f(x):\n    return x + 1"
STDIO = {"language": "python", "style": "stdio", "tests": [{"input": "3\n", "output": "4\n"}]}
CHECK = {
    "language": "python",
    "style": "check",
    "entry_point": "Solution().add",
    "setup": "from typing import *",
    "tests": "def check(candidate):\n    assert candidate(a=1, b=2) == 3\n    assert candidate(a=0, b=0) == 0\n",
}
ADD = "class Solution:\n    def add(self, a: int, b: int) -> Optional[int]:\n        return a + b"
LOWER = {"instruction_id_list": ["change_case:english_lowercase"], "kwargs": [{}]}
WEATHER = {"calls": [{"name": "weather", "arguments": {"city": ["Rome"], "unit": ["celsius", ""]}}]}
CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>'

GOOD = {
    "number": math("42"),
    "fraction": math("\\frac{1}{2}"),
    "point": math("\\left( 3, \\frac{\\pi}{2} \\right)"),
    "word": math("\\text{even}"),
    "trace": math("7", completion=thought("3 + 4 = 7", "\\boxed{7}")),
    "call": call([(1, 2), (2, 3)], PLUS_ONE),
    "stdio": row("code", "code", STDIO, metadata={"solution": "print(int(input()) + 1)"}),
    "check": row("code", "code", CHECK, metadata={"solution": ADD}),
    "code trace": row("code", "code", CHECK, completion=fenced(ADD)),
    "instructions": row("instruction", "instructions", LOWER),
    "answered instructions": row(
        "instruction", "instructions", LOWER, metadata={"solution": "the sea is wide and the waves are high."}
    ),
    "forbidden": row(
        "instruction",
        "instructions",
        {"instruction_id_list": ["keywords:forbidden_words"], "kwargs": [{"forbidden_words": ["because"]}]},
    ),
    "tool": row("tool", "tool_call", WEATHER),
    "tool trace": row("tool", "tool_call", WEATHER, completion=thought("Plan.", CALL)),
    "abstain": row("tool", "tool_call", {"calls": []}),
    "choice": row("chat", "choice", {"answer": "B", "options": ["one", "two", "three"]}),
    "choice trace": row("chat", "choice", {"answer": "A", "options": ["x", "y"]}, completion=thought("Plan.", "\\boxed{A}")),
    "no verifier": make_row("s", "chat", prompt("Hi")),
}
BAD = {
    "unclosed": (math("\\frac{1}{"), "the gold is judged incorrect"),
    "beyond all bounds": (math("9^{9^{9^{9}}}"), "the gold cannot be scored"),
    "wrong trace": (math("7", completion=thought("3 + 4 = 8", "\\boxed{8}")), "the gold is judged incorrect"),
    "unboxed trace": (math("7", completion=thought("3 + 4 = 7", "7")), "the gold is judged incorrect"),
    "no solution": (call([(1, 2)], None), "no reference solution"),
    "wrong solution": (call([(1, 3)], PLUS_ONE), "the gold is judged incorrect"),
    "stub passes": (call([(1, None), (2, None)], "def f(x):\n    pass"), "a stub is not judged incorrect"),
    "vacuous check": (
        row("code", "code", CHECK | {"tests": "def check(candidate):\n    candidate(a=1, b=2)\n"}, metadata={"solution": ADD}),
        "a stub is not judged incorrect",
    ),
    "broken trace": (row("code", "code", CHECK, completion=fenced("class Solution: pass")), "the gold is judged incorrect"),
    "unknown instruction": (
        row("instruction", "instructions", {"instruction_id_list": ["no:such"], "kwargs": [{}]}),
        "the gold cannot be scored",
    ),
    "broken instructions": (
        row("instruction", "instructions", LOWER, metadata={"solution": "The Sea"}),
        "the gold is judged incorrect",
    ),
    "no option": (row("chat", "choice", {"answer": "D", "options": ["one", "two"]}), "the gold cannot be scored"),
    "other option": (
        row("chat", "choice", {"answer": "A", "options": ["x", "y"]}, completion=thought("Plan.", "\\boxed{B}")),
        "the gold is judged incorrect",
    ),
    "other call": (
        row("tool", "tool_call", WEATHER, completion=thought("Plan.", CALL.replace("Rome", "Oslo"))),
        "the gold is judged incorrect",
    ),
}


@pytest.fixture(scope="module")
def checked():
    rows = [*GOOD.values(), *(bad for bad, _ in BAD.values())]
    with gold.Golds(workers=2) as golds:
        return gold.check(rows, golds)


@pytest.mark.parametrize("name", GOOD)
def test_good_golds_stay(checked, name):
    assert any(kept is GOOD[name] for kept in checked[0]), [reason for row, reason in checked[1] if row is GOOD[name]]


@pytest.mark.parametrize("name", BAD)
def test_bad_golds_go_with_the_reason(checked, name):
    bad, says = BAD[name]
    (reason,) = [reason for row, reason in checked[1] if row is bad]
    assert reason.startswith(says)


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        (correct(), [incorrect("no")], None),
        (correct(), [correct(), incorrect("no")], None),
        (None, [incorrect("no")], None),
        (correct(), [correct()], "a stub is not judged incorrect"),
        (correct(), [unscorable("lost")], "a stub is not judged incorrect"),
        (incorrect("no"), [incorrect("no")], "the gold is judged incorrect: no"),
        (unscorable("lost"), [incorrect("no")], "the gold cannot be scored: lost"),
        (None, [unscorable("lost")], "the gold cannot be scored: lost"),
    ],
)
def test_what_verdicts_say_of_a_gold(right, wrong, says):
    assert gold.fault(right, wrong, "a stub") == says


@pytest.mark.parametrize(
    ("answer", "other"),
    [
        ("7", "8"),
        ("-3", "-4"),
        ("0.99", "0.100"),
        ("x^2 + 1", "x^2 + 2"),
        ("\\frac{\\pi}{2}", "\\frac{\\pi}{3}"),
        ("[0,3)", "[0,4)"),
        ("x", "x + 1"),
        ("\\text{even}", "\\text{none of these}"),
        ("9" * 5000, "1"),
    ],
)
def test_another_answer(answer, other):
    assert mutate.answer(answer) == other


def test_reference_columns_are_json_text():
    assert json.loads(GOOD["tool"]["reference"]) == WEATHER
