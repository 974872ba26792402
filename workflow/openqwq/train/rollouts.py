"""A rollout: one completion made during RL, with its verdict, its rewards and its advantage."""

from dataclasses import dataclass, field
from typing import Any

from openqwq.generate import Sample
from openqwq.train.advantages import is_live
from openqwq.train.pool import Problem
from openqwq.verify import Verdict


@dataclass
class Rollout:
    """One judged completion."""

    problem: Problem
    number: int  # within the group
    prompt: str
    sample: Sample
    verdict: Verdict | None = None
    seconds: float | None = None  # spent in the verifier
    rewards: dict[str, float] = field(default_factory=dict)
    reward: float | None = None
    reward_model: float | None = None  # its score in [0, 1], before a gate
    advantage: float | None = None

    def row(self, step: int) -> dict[str, Any]:
        """As a `ROLLOUT` row."""
        verdict = self.verdict
        return {
            "problem_id": self.problem["id"],
            "domain": self.problem["domain"],
            "sample": self.number,
            "prompt": self.prompt,
            "text": self.sample.text,
            "tokens": len(self.sample.token_ids),
            "finish_reason": self.sample.finish_reason,
            "verifier": self.problem["verifier"],
            "reference": self.problem["reference"],
            "verdict": verdict.outcome if verdict else None,
            "score": verdict.score if verdict else None,
            "reason": verdict.reason if verdict else None,
            "rewards": list(self.rewards.items()),
            "seconds": self.seconds,
            "step": step,
            "reward": self.reward,
            "reward_model": self.reward_model,
        }


Group = list[Rollout]


def live(group: Group) -> bool:
    """Whether a group teaches anything."""
    return is_live([rollout.reward for rollout in group])
