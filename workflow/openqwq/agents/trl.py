"""An environment in TRL's own trainer: `GRPOTrainer(environment_factory=Files, reward_funcs=environment_reward, …)`.

TRL makes, resets and calls the environment; this is the score as one of its reward functions. Our own stages play episodes with
`play` instead, whose turns are never tokenised anew.
"""

from typing import Any

from openqwq.agents.environment import Environment


def environment_reward(completions: list[list[dict[str, Any]]], environments: list[Environment], **_: Any) -> list[float | None]:
    """The score of each rollout; None, which masks the row, where it could not be told."""
    return [
        environment.score(str(turns[-1].get("content") or "") if turns[-1]["role"] == "assistant" else "").score
        for turns, environment in zip(completions, environments, strict=True)
    ]
