"""Tools in the stage's own process that hang or fail: stopped or left behind, told or counted, and nobody else is held up."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar

import pytest
from agents_helpers import Scripted, answers_in, call, made, problem, tasks

from openqwq.agents.calls import carry_out, read_turn
from openqwq.agents.clock import within
from openqwq.agents.environment import TOOL_SECONDS, ToolBroken, ToolError, not_a_tool
from openqwq.agents.episode import AgentLimits
from openqwq.agents.play import play
from openqwq.agents.registry import ENVIRONMENTS, find
from openqwq.agents.replay import replay, spoken
from openqwq.config.train import Sampling
from openqwq.errors import UserError
from openqwq.sandbox import SandboxBroken
from openqwq.verify import correct


def tools() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "tool"]


@pytest.fixture
def awaited():
    """What a tool waits for; set in the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()
    for thread in tools():
        thread.join(10)
    assert not tools()


def test_what_a_call_returns_or_raises_is_passed_on():
    assert within(5, lambda: "done") == "done"
    for error in (ToolError("no"), SandboxBroken("gone"), UserError("what"), ValueError("x")):
        with pytest.raises(type(error), match=str(error)):
            within(5, lambda error=error: (_ for _ in ()).throw(error))
    assert not tools()


def test_a_loop_is_stopped_also_one_that_takes_exceptions_for_its_own():
    def loops() -> None:
        while True:
            try:
                while True:
                    pass
            except Exception:  # noqa: BLE001  as tools do
                pass

    started = time.monotonic()
    with pytest.raises(ToolError, match=r"stopped after 0\.2 s"):
        within(0.2, loops)
    assert time.monotonic() - started < 5
    assert not tools()


def test_a_loop_that_takes_the_stop_for_its_own_is_stopped_again():
    caught = []

    def loops() -> None:
        while True:
            try:
                while True:
                    pass
            except BaseException as error:
                caught.append(error)
                if len(caught) > 2:
                    raise

    with pytest.raises(ToolError, match="stopped after"):
        within(0.1, loops)
    assert len(caught) == 3
    assert not tools()


def test_a_call_that_ends_as_it_is_stopped_is_stopped_or_done_and_nobody_else_is(recwarn):
    """Calls that end at about the time at which they are stopped, many at once: each has its own outcome, and all come back."""

    def job(number):
        pause = 0.02 * (number % 5) / 4

        def work():
            until = time.monotonic() + pause
            while time.monotonic() < until:
                pass
            return number

        try:
            return within(0.01, work)
        except ToolError:
            return None

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(job, range(400), timeout=60))
    assert all(value in (number, None) for number, value in enumerate(outcomes))
    assert outcomes[4::5].count(None) > 0
    assert sum(value is not None for value in outcomes[0::5]) > 40
    assert not recwarn.list, "no thread died of a stop that came late"


def test_a_call_that_waits_for_somebody_is_left_behind(awaited):
    with pytest.raises(ToolBroken, match=r"did not end within 0\.1 s"):
        within(0.1, awaited.wait)
    assert len(tools()) == 1
    assert within(5, lambda: "another") == "another"


class Workshop:
    name: ClassVar[str] = "workshop"
    held: ClassVar[threading.Event]
    closed: ClassVar[list[str]] = []

    def __init__(self, _tool_seconds: float = TOOL_SECONDS) -> None:
        self.how = "idle"

    def reset(self, **_problem: Any) -> None:
        """Nothing."""

    def work(self, how: str) -> str:
        """Work.

        Args:
            how: In which way.
        """
        self.how = how
        if how == "loop":
            while True:
                pass
        if how == "wait":
            self.held.wait()
        if how == "leave":
            raise SystemExit(3)
        return str(1 // len(how))

    @not_a_tool
    def score(self, _answer: str):
        return correct()

    @not_a_tool
    def close(self) -> None:
        self.closed.append(self.how)


@pytest.fixture
def workshop(monkeypatch, awaited):
    monkeypatch.setitem(ENVIRONMENTS, "workshop", Workshop)
    monkeypatch.setattr(Workshop, "held", awaited, raising=False)
    monkeypatch.setattr(Workshop, "closed", [])


LIMITS = AgentLimits(max_context_tokens=8000, tool_seconds=1.0)


def test_whatever_a_tool_does_the_other_episodes_go_on(tokenizer, workshop):
    ways = ["loop", "wait", "", "leave", "well"]

    def say(prompt, _seed):
        way = next(way for way in ways if f"Work {way}." in prompt)
        return "Done." if answers_in(prompt) else call("work", how=way)

    rows = [problem("workshop", {}, f"Work {way}.", number) for number, way in enumerate(ways)]
    episodes = [row[0] for row in play(rows, 1, Scripted(tokenizer, say), tokenizer, Sampling(max_tokens=500), 1, LIMITS)]
    loop, wait, empty, leave, well = episodes
    assert loop.messages[2]["content"] == "Error: the call was stopped after 1 s. Ask for less."
    assert (loop.verdict.outcome, loop.failed_calls, loop.finish) == ("correct", 1, "answer")
    assert well.messages[2]["content"] == "0"
    for broken, why in ((wait, "did not end"), (empty, "raised ZeroDivisionError"), (leave, "raised SystemExit")):
        assert broken.verdict.outcome == "unscorable"
        assert broken.verdict.reason.startswith("tool: work of the environment workshop")
        assert why in broken.verdict.reason
    assert set(Workshop.closed) == {"loop", "", "leave", "well"}  # what may still be at work is not touched again


def test_a_solution_whose_tool_fails_is_unscorable(workshop):
    row = problem("workshop", {})
    assert replay(row, spoken([call("work", how="well"), "Done."]), LIMITS).verdict.outcome == "correct"
    for how in ("wait", ""):
        assert replay(row, spoken([call("work", how=how), "Done."]), LIMITS).verdict.outcome == "unscorable"


def test_environments_that_keep_time_are_called_in_the_thread_that_has_their_sandbox(monkeypatch):
    def used(*_):
        raise AssertionError("a clock beside their own")

    monkeypatch.setattr("openqwq.agents.calls.within", used)
    for name, text in (("python", call("run_python", code="print(6)")), ("search", call("search", query="x"))):
        assert carry_out(read_turn(text), made(name, tasks(name, 1)[0]), 500).texts
    assert find("bfcl").keeps_time
    with pytest.raises(ToolBroken, match="a clock beside"):
        carry_out(read_turn(call("ls", path="/")), made("files", tasks("files", 1)[0]), 500)
