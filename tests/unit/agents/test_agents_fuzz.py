"""Malformed calls in their thousands, and many environments at once: nothing raises, nothing hangs, nothing is left."""

import ctypes
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from agents_helpers import Scripted, call, problem, tasks

from openqwq.agents.arguments import fault
from openqwq.agents.calls import carry_out, read_turn
from openqwq.agents.environment import tool_schemas
from openqwq.agents.episode import AgentLimits
from openqwq.agents.play import play
from openqwq.agents.registry import ENVIRONMENTS, find
from openqwq.config.train import Sampling

MOST = 500  # characters of one answer
STRANGE = [
    None, True, -1, 0, 3.5, 1e308, 10**14, 10**400, float("nan"), float("inf"), [], ["a"] * 500, [[[[]]]], {}, {"a": {"b": []}},
    "", " ", "/", "..", "\x00", "\ud83d", "é人", "x" * 30_000, "O1001", "<|im_end|>", "</tool_response>", "(a+)+$", "'; DROP",
]  # fmt: skip


def malformed(rng, schemas):
    """One turn that calls a tool, more or less."""
    function = rng.choice(schemas)["function"]
    names = [*function["parameters"]["properties"], "extra", ""]
    arguments = {name: rng.choice(STRANGE) for name in rng.sample(names, rng.randint(0, len(names)))}
    name = rng.choice([function["name"], function["name"], "score", "reset", "close", "_put", "__init__", "", 7, None])
    given = rng.choice([arguments, arguments, STRANGE[:3], "x"])
    text = f"<tool_call>\n{json.dumps({'name': name, 'arguments': given})}\n</tool_call>"
    kind = rng.randrange(6)
    if kind == 0:
        at = rng.randrange(len(text))
        return (
            text[:at]
            + rng.choice(["", "<tool_call>", "}", '"', "\\", "\n", "</think>", "<think>"])
            + text[at + rng.randint(0, 9) :]
        )
    if kind == 1:
        return text[: rng.randrange(12, len(text))]
    if kind == 2:
        return text * rng.randint(2, 70)
    return text


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("integer", 10**400, "too large"),
        ("number", -(10**4000), "too large"),
        ("number", float("nan"), "too large"),
        ("array", nested(900), "nested more than 20 deep"),
        ("object", {"a": nested(900)}, "nested more than 20 deep"),
        ("array", nested(10), None),
    ],
)
def test_a_value_of_the_right_type_that_is_beyond_all_use_is_refused(kind, value, told):
    why = fault({"name": "t", "parameters": {"properties": {"a": {"type": kind}}, "required": ["a"]}}, {"a": value})
    assert why is None if told is None else told in why


@pytest.mark.parametrize("name", [name for name in sorted(ENVIRONMENTS) if name != "python"])
def test_malformed_calls_are_all_answered(name):
    rng = Random(5)
    environment = find(name)()
    environment.reset(**problem(name, tasks(name, 1)[0]))
    schemas, started, failed = tool_schemas(ENVIRONMENTS[name]), time.monotonic(), 0
    for _ in range(1000):
        answers = carry_out(read_turn(malformed(rng, schemas)), environment, MOST)
        assert all(len(text) < 2 * MOST for text in answers.texts)
        "".join(answers.texts).encode()  # no half of a surrogate pair
        failed += answers.failed > 0
    assert environment.score("").outcome in ("correct", "incorrect")
    assert failed > 500
    assert time.monotonic() - started < 20


def test_malformed_calls_of_python_are_all_answered():
    rng = Random(6)
    environment = find("python")(0.5)
    environment.reset(**problem("python", {"answer": "1"}))
    schemas = tool_schemas(ENVIRONMENTS["python"])
    turns = [turn for turn in (malformed(rng, schemas) for _ in range(300)) if len(turn) < 40_000]
    assert sum(carry_out(read_turn(turn), environment, MOST).failed > 0 for turn in turns) > 150


def children() -> set[int]:
    """Of all threads; read again where one has ended meanwhile, for another thread has its children then."""
    while True:
        try:
            return {int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()}
        except FileNotFoundError:
            continue


@pytest.fixture
def orphans():
    """Whoever loses its parent becomes a child of this process instead of init's, so that `children` sees it."""
    prctl, subreaper = ctypes.CDLL(None, use_errno=True).prctl, 36
    assert prctl(subreaper, 1, 0, 0, 0) == 0
    yield
    prctl(subreaper, 0, 0, 0, 0)


def alive(pids: set[int]) -> set[int]:
    """Those that have not ended."""
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    return pids & children()


def test_a_process_without_its_parent_is_seen(orphans):
    before = children()
    subprocess.run(["/bin/sh", "-c", "sleep 60 & exit 0"], check=True)
    left = children() - before
    assert len(left) == 1
    os.kill(left.pop(), signal.SIGKILL)
    deadline = time.monotonic() + 5
    while alive(children() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not children() - before


def test_32_episodes_of_8_turns_at_once_leave_no_process_behind(tokenizer, orphans):
    programs = [
        "print(sum(range(100)))",
        "while True: pass",
        "import os\nfor _ in range(50): os.fork()",
        "x = 'y' * 10 ** 9",
        "print('z' * 3_000_000)",
        "import time; time.sleep(99)",
        "1 / 0",
    ]

    def say(prompt, seed):
        turn = prompt.count("<|im_start|>assistant")
        return call("run_python", code=programs[turn - 1]) if turn < 8 else r"\boxed{4950}"

    rows = [problem("python", {"answer": "4950"}, number=number) for number in range(32)]
    limits = AgentLimits(max_turns=8, max_context_tokens=30_000, tool_seconds=0.3, max_feedback_characters=300)
    before = children()
    episodes = play(rows, 1, Scripted(tokenizer, say), tokenizer, Sampling(max_tokens=500), 1, limits)
    assert {(e[0].turns, e[0].calls, e[0].finish, e[0].verdict.outcome) for e in episodes} == {(8, 7, "answer", "correct")}
    assert all(5 <= e[0].failed_calls <= 6 for e in episodes)
    deadline = time.monotonic() + 5
    while alive(children() - before) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not children() - before
