"""Bounds of episodes: conversations in which the model calls tools and reads what they answer (docs/agents.md)."""

from typing import Any

from openqwq.config.base import Positive, Rate, Strict


class AgentsConfig(Strict):
    """Bounds of one episode. `sampling.max_tokens` bounds one turn of it."""

    max_turns: Positive = 8  # of the model, since the user spoke last; one that calls a tool in the last has given no answer
    max_context_tokens: Positive = 4096  # prompt, turns and what tools answer, in all
    tool_seconds: Rate = 10.0  # wall time of one call; one that takes longer is stopped and the model is told
    max_feedback_characters: Positive = 2000  # of one answer of a tool; a longer one is cut in the middle, and says so


def bounded(stage: Any, wanted: bool, longest_turn: int, where: str) -> None:
    """Checks `stage.agents`, and sets the default bounds where there are agent problems and none are given: they are recorded.

    `where` names what would give the stage agent problems. Raises `ValueError`.
    """
    if stage.agents is None and wanted:
        object.__setattr__(stage, "agents", AgentsConfig())  # models are frozen once they are made
    if stage.agents is not None and not wanted:
        raise ValueError(f"agents: bounds of episodes have no effect without {where}; leave them out")
    if stage.agents is not None and stage.agents.max_context_tokens <= longest_turn:
        raise ValueError(
            f"agents.max_context_tokens {stage.agents.max_context_tokens}: a turn may have {longest_turn} tokens "
            "(sampling.max_tokens), so none would fit behind a prompt; raise it"
        )
