"""Playing episodes: all that are alive take a turn together, then their tools are called."""
from collections.abc import Callable, Sequence
from typing import Any

from openqwq.agents.episode import AgentLimits, Episode
from openqwq.config.train import Sampling
from openqwq.generate import Sampler


def play(
    problems: Sequence[dict[str, Any]],
    samples: int,
    sampler: Sampler,
    tokenizer: Any,
    sampling: Sampling,
    seed: int,
    limits: AgentLimits,
    progress: Callable[[int, int], None] | None = None,
    on_problem: Callable[[int, list[Episode]], None] | None = None,
) -> list[list[Episode]]:
    """`samples` episodes of each problem, in order. `progress(done, total)` counts episodes that are over.

    `sampling.max_tokens` bounds one turn. The noise of a turn depends on seed, problem, number and turn alone.
    `on_problem(index, episodes)` is called once for each problem, in any order, as soon as its last episode is judged.
    Raises `UserError` for a prompt that leaves no room for a turn, an unknown environment, and a missing sandbox.
    """
    raise NotImplementedError
