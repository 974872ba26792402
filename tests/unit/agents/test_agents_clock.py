"""Tools in the stage's own process that hang or fail: stopped or left behind, told or counted, and nobody else is held up."""

import threading
import time
from typing import Any, ClassVar

import pytest
from agents_helpers import Scripted, answers_in, call, problem

from openqwq.agents.clock import within
from openqwq.agents.environment import TOOL_SECONDS, ToolBroken, ToolError, not_a_tool
from openqwq.agents.episode import AgentLimits
from openqwq.agents.play import play
from openqwq.agents.registry import ENVIRONMENTS
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


def test_a_loop_is_stopped_also_one_that_takes_every_exception_for_its_own():
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


def test_a_call_that_waits_for_somebody_is_left_behind(awaited):
    with pytest.raises(ToolBroken, match=r"did not end within 0\.1 s"):
        within(0.1, awaited.wait)
    assert len(tools()) == 1
    assert within(5, lambda: "another") == "another"


class Workshop:
    name: ClassVar[str] = "workshop"
    held: ClassVar[threading.Event]
    closed: ClassVar[int] = 0

    def __init__(self, _tool_seconds: float = TOOL_SECONDS) -> None:
        pass

    def reset(self, **_problem: Any) -> None:
        """Nothing."""

    def work(self, how: str) -> str:
        """Work.

        Args:
            how: In which way.
        """
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
        type(self).closed += 1


@pytest.fixture
def workshop(monkeypatch, awaited):
    monkeypatch.setitem(ENVIRONMENTS, "workshop", Workshop)
    monkeypatch.setattr(Workshop, "held", awaited, raising=False)
    monkeypatch.setattr(Workshop, "closed", 0)


LIMITS = AgentLimits(max_context_tokens=8000, tool_seconds=0.3)


def test_whatever_a_tool_does_the_other_episodes_go_on(tokenizer, workshop):
    ways = ["loop", "wait", "", "leave", "well"]

    def say(prompt, _seed):
        way = next(way for way in ways if f"Work {way}." in prompt)
        return "Done." if answers_in(prompt) else call("work", how=way)

    rows = [problem("workshop", {}, f"Work {way}.", number) for number, way in enumerate(ways)]
    episodes = [row[0] for row in play(rows, 1, Scripted(tokenizer, say), tokenizer, Sampling(max_tokens=500), 1, LIMITS)]
    loop, wait, empty, leave, well = episodes
    assert loop.messages[2]["content"] == "Error: the call was stopped after 0.3 s. Ask for less."
    assert (loop.verdict.outcome, loop.failed_calls, loop.finish) == ("correct", 1, "answer")
    assert well.messages[2]["content"] == "0"
    for broken, why in ((wait, "did not end"), (empty, "raised ZeroDivisionError"), (leave, "raised SystemExit")):
        assert broken.verdict.outcome == "unscorable"
        assert broken.verdict.reason.startswith("tool: work of the environment workshop")
        assert why in broken.verdict.reason
    assert Workshop.closed >= 2  # those of the broken ones are not touched again


def test_a_solution_whose_tool_fails_is_unscorable(workshop):
    row = problem("workshop", {})
    assert replay(row, spoken([call("work", how="well"), "Done."]), LIMITS).verdict.outcome == "correct"
    for how in ("wait", ""):
        assert replay(row, spoken([call("work", how=how), "Done."]), LIMITS).verdict.outcome == "unscorable"
