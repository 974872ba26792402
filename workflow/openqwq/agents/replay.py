"""An episode without a model: turns that are known, or that a policy writes, against the real environment."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from openqwq.agents.calls import carry_out, read_turn
from openqwq.agents.environment import BadTask, Environment, ToolBroken, ToolStuck, reference_of
from openqwq.agents.episode import AgentLimits, Message
from openqwq.agents.registry import find
from openqwq.sandbox import SandboxBroken
from openqwq.verify import Verdict, unscorable

Policy = Generator[str, list[str], None]  # writes turns, and is sent the answers to each turn's calls


@dataclass(frozen=True, slots=True)
class Replay:
    """The conversation behind the prompt, ending with the policy's last turn, and what the environment says of it."""

    messages: list[Message]
    verdict: Verdict


def replay(problem: dict[str, Any], policy: Policy, limits: AgentLimits | None = None) -> Replay:
    """Plays a policy to its end, or to its first turn without a call. Raises `UserError` for an environment that is not known.

    A task that cannot be set up, a sandbox that breaks and a tool that fails give an unscorable verdict.
    """
    limits, messages = limits or AgentLimits(), []
    environment: Environment | None = None
    try:
        environment = find(reference_of(problem)[0])(limits.tool_seconds)
        environment.reset(**problem)
        turn = next(policy, "")
        while calls := read_turn(turn):
            messages.append({"role": "assistant", "content": turn})
            answers = carry_out(calls, environment, limits.max_feedback_characters, seconds=limits.tool_seconds).texts
            messages += [{"role": "tool", "content": answer} for answer in answers]
            try:
                turn = policy.send(answers)
            except StopIteration:
                turn = ""
        messages.append({"role": "assistant", "content": turn})
        return Replay(messages, environment.score(turn))
    except BadTask as error:
        return Replay(messages, unscorable(f"reference: {error}"))
    except SandboxBroken as error:
        return Replay(messages, unscorable(f"sandbox: {error}"))
    except ToolBroken as error:
        if isinstance(error, ToolStuck):
            environment = None
        return Replay(messages, unscorable(f"tool: {error}"))
    finally:
        if environment is not None:
            environment.close()


def spoken(turns: Sequence[str]) -> Policy:
    """The policy that says these turns, whatever comes back."""
    for turn in turns:  # noqa: UP028  a list takes nothing that is sent
        yield turn
