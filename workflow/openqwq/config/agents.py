"""Bounds of episodes: conversations in which the model calls tools and reads what they answer (docs/agents.md)."""

from typing import Any

from openqwq.config.base import Positive, Rate, Strict


class AgentsConfig(Strict):
    """Bounds of one episode. `sampling.max_tokens` bounds one turn of it."""

    max_turns: Positive = 8  # of the model; one that still calls a tool in the last has given no answer
    max_context_tokens: Positive = 4096  # prompt, turns and what tools answer, in all
    tool_seconds: Rate = 10.0  # wall time of one call; a tool that takes longer is killed and the model is told
    max_feedback_characters: Positive = 2000  # of one answer of a tool; a longer one is cut in the middle, and says so


def with_agents(value: Any, wanted: bool) -> Any:
    """A stage's raw configuration with the default bounds, where it has agent problems and gives none: they are recorded."""
    return value | {"agents": {}} if wanted and isinstance(value, dict) and value.get("agents") is None else value


def agents_fault(agents: AgentsConfig | None, wanted: bool, longest_turn: int, where: str) -> str | None:
    """What is wrong with a stage's bounds of episodes; `where` names what would give it agent problems."""
    if agents is not None and not wanted:
        return f"agents: bounds of episodes have no effect without {where}; leave them out"
    if agents is not None and agents.max_context_tokens <= longest_turn:
        return (
            f"agents.max_context_tokens {agents.max_context_tokens}: a turn may have {longest_turn} tokens "
            "(sampling.max_tokens), so none would fit behind a prompt; raise it"
        )
    return None
