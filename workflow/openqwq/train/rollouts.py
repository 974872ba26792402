"""A rollout: one completion or episode made during RL, with its verdict, its rewards and its advantage."""

from dataclasses import dataclass, field
from typing import Any

from openqwq.agents.episode import Episode
from openqwq.agents.rows import columns, finish_reason, turns_of
from openqwq.artifacts.schemas import CUT
from openqwq.generate import Sample
from openqwq.train.advantages import is_live
from openqwq.train.pool import Problem
from openqwq.verify import Verdict


@dataclass
class Rollout:
    """One judged completion, or an episode: its sample is then all that stands behind the prompt."""

    problem: Problem
    number: int  # within the group
    prompt: str
    sample: Sample
    mask: list[bool] | None = None  # which of the sample's tokens the policy wrote; None: all of them
    verdict: Verdict | None = None
    seconds: float | None = None  # spent in the verifier
    rewards: dict[str, float] = field(default_factory=dict)
    reward: float | None = None
    reward_model: float | None = None  # its score in [0, 1], before a gate
    advantage: float | None = None
    episode: Episode | None = None

    @classmethod
    def of(cls, episode: Episode) -> "Rollout":
        """An episode with its verdict; the sampler's log-probabilities stand at the tokens that it drew, 0 elsewhere."""
        segments = episode.segments
        given = all(len(s.logprobs) == len(s.token_ids) for s in segments if s.trained)
        sample = Sample(
            episode.text,
            [token for s in segments for token in s.token_ids],
            "length" if finish_reason(episode) in CUT else "stop",
            [figure for s in segments for figure in (s.logprobs if s.trained else [0.0] * len(s.token_ids))] if given else [],
        )
        mask = [s.trained for s in segments for _ in s.token_ids]
        return cls(
            episode.problem, episode.number, episode.prompt, sample, mask, episode.verdict, episode.seconds, episode=episode
        )

    @property
    def written(self) -> list[bool]:
        """Of each of the sample's tokens, whether the policy wrote it and is trained on it."""
        return [True] * len(self.sample.token_ids) if self.mask is None else self.mask

    @property
    def length(self) -> int:
        """Tokens that the policy wrote."""
        return sum(self.written)

    @property
    def cut(self) -> bool:
        """Whether a limit of tokens ended it."""
        return self.sample.finish_reason == "length"

    @property
    def turns(self) -> list[str] | None:
        """What the policy wrote in an episode, turn by turn."""
        return None if self.episode is None else turns_of(self.episode)

    def row(self, step: int) -> dict[str, Any]:
        """As a `ROLLOUT` row."""
        verdict = self.verdict
        return {
            "problem_id": self.problem["id"],
            "domain": self.problem["domain"],
            "sample": self.number,
            "prompt": self.prompt,
            "text": self.sample.text,
            "tokens": self.length,
            "finish_reason": self.sample.finish_reason if self.episode is None else finish_reason(self.episode),
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
        } | columns(self.episode)


Group = list[Rollout]


def live(group: Group) -> bool:
    """Whether a group teaches anything."""
    return is_live([rollout.reward for rollout in group])
