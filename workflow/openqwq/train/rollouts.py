"""Makes the rollouts of one optimizer step: draw problems, sample groups, judge, reward, replace dead groups.

Dynamic sampling (DAPO, arXiv 2503.14476, section 3.2): a group whose rewards do not vary has no gradient, so it is
replaced by another problem's, for at most `max_rounds` rounds. All rollouts are kept on disk, trained on or not.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.config import Bounds
from openqwq.config.train import GrpoConfig
from openqwq.errors import StageFailure
from openqwq.generate import Sample, Sampler
from openqwq.train import hacking
from openqwq.train.advantages import advantages, is_live
from openqwq.train.pool import Problem, ProblemPool
from openqwq.train.rewards import Judgement, Length, rewards_of
from openqwq.train.schedules import sampling_at
from openqwq.verify import Item, VerifierPool


@dataclass
class Rollout:
    """One judged completion."""

    problem: Problem
    number: int  # within the group
    prompt: str
    sample: Sample
    verdict: Any = None
    seconds: float | None = None
    rewards: dict[str, float] = field(default_factory=dict)
    reward: float | None = None
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
        }


Group = list[Rollout]
Scorer = Callable[[list[tuple[str, str]]], list[float]]


class RolloutMaker:
    """Everything that a step's rollouts need. `scorer` is the reward model's, where a reward asks for it."""

    def __init__(
        self,
        config: GrpoConfig,
        pool: ProblemPool,
        prompt_of: Callable[[Problem], str],
        sampler: Sampler,
        verifiers: VerifierPool,
        scorer: Scorer | None,
        folder: Path,
        seed: int,
        bounds: Bounds,
        tell: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.config, self.pool, self.prompt_of, self.sampler = config, pool, prompt_of, sampler
        self.verifiers, self.scorer, self.folder, self.seed = verifiers, scorer, folder, seed
        self.bounds, self.tell = bounds, tell
        self.figures: dict[str, float] = {}
        # By domain, then by reward.
        self.weights: dict[str, dict[str, float]] = {
            str(domain): {str(name): weight for name, weight in mix.rewards.items()} for domain, mix in config.domains.items()
        }

    def make(self, step: int) -> list[Group]:
        """The live groups of optimizer step `step` (1, 2, …), at most `config.groups`; sets `figures`."""
        made: list[Group] = []
        live: list[Group] = []
        seconds = {"generation_seconds": 0.0, "verification_seconds": 0.0}
        rounds = 0
        while len(live) < self.config.groups and rounds < self.config.max_rounds:
            used = {group[0].problem["id"] for group in made}
            problems = self.pool.draw(step, rounds, self.config.groups - len(live), used)
            if not problems:
                break
            started = time.monotonic()
            groups = self._sample(problems, step)
            sampled = time.monotonic()
            self._judge([rollout for group in groups for rollout in group], step)
            seconds["generation_seconds"] += sampled - started
            seconds["verification_seconds"] += time.monotonic() - sampled
            for group in groups:
                rewards = [rollout.reward for rollout in group]
                scaled = advantages(rewards, self.config.scale_rewards == "group")
                for rollout, advantage in zip(group, scaled, strict=True):
                    rollout.advantage = advantage
            made += groups
            live += [group for group in groups if is_live([rollout.reward for rollout in group])]
            rounds += 1
        rows = [rollout.row(step) for group in made for rollout in group]
        write_table(self.folder / f"step-{step:05d}.parquet", rows, ROLLOUT)
        self.figures = self._figures(made, live) | seconds | {"generation_rounds": rounds}
        self._bound_unscorable(step)
        self.figures |= hacking.recent(self.folder, step, self.bounds)
        return live

    def _sample(self, problems: list[Problem], step: int) -> list[Group]:
        prompts = [self.prompt_of(problem) for problem in problems]
        # The step enters the seed, or a problem drawn twice would get the same completions from an unchanged policy.
        drawn = self.sampler.sample(
            prompts,
            self.config.group_size,
            sampling_at(self.config.sampling, step),
            self.seed * 1_000_003 + step,
            lambda done, total: self.tell(f"step {step}/{self.config.steps}  completions {done}/{total}"),
        )
        return [
            [Rollout(problem, number, prompt, sample) for number, sample in enumerate(samples)]
            for problem, prompt, samples in zip(problems, prompts, drawn, strict=True)
        ]

    def _judge(self, rollouts: list[Rollout], step: int) -> None:
        checked = [r for r in rollouts if r.problem["verifier"]]
        items = [
            Item(f"{r.problem['id']}/{r.number}", r.problem["verifier"], r.problem["reference"], r.sample.text) for r in checked
        ]
        for rollout, judged in zip(checked, self.verifiers.judge(items), strict=True):
            rollout.verdict, rollout.seconds = judged.verdict, judged.seconds
        asked = [r for r in rollouts if "reward_model" in self._weights(r)]
        scores: dict[int, float] = {}
        if asked:
            if self.scorer is None:
                raise ValueError("a reward asks for the reward model, but none was given")
            values = self.scorer([(r.prompt, r.sample.text) for r in asked])
            scores = {id(r): value for r, value in zip(asked, values, strict=True)}
        limit, mask = sampling_at(self.config.sampling, step).max_tokens, self.config.truncated == "mask"
        for rollout in rollouts:
            sample = rollout.sample
            length = Length(len(sample.token_ids), limit, self.config.overlong_buffer, sample.finish_reason == "length")
            judgement = Judgement(sample.text, rollout.verdict, scores.get(id(rollout)), length)
            rollout.rewards, rollout.reward = rewards_of(judgement, self._weights(rollout), mask)

    def _weights(self, rollout: Rollout) -> dict[str, float]:
        return self.weights[rollout.problem["domain"]]

    def _figures(self, made: list[Group], live: list[Group]) -> dict[str, float]:
        """Means over all rollouts made, and what share of them is trained on."""
        rollouts = [rollout for group in made for rollout in group]
        trained = [rollout for group in live for rollout in group if rollout.advantage is not None]
        values: dict[str, list[float]] = {"reward": [r.reward for r in rollouts if r.reward is not None]}
        for rollout in rollouts:
            for name, value in rollout.rewards.items():
                values.setdefault(f"reward/{name}", []).append(value)
            if rollout.reward is not None:
                values.setdefault(f"reward/{rollout.problem['domain']}", []).append(rollout.reward)
        figures = {name: sum(numbers) / len(numbers) for name, numbers in values.items() if numbers}
        count = len(rollouts)
        return figures | {
            "completion_tokens": sum(len(r.sample.token_ids) for r in rollouts) / count,
            "truncated": sum(r.sample.finish_reason == "length" for r in rollouts) / count,
            "unscorable": sum(r.verdict is not None and r.verdict.outcome == "unscorable" for r in rollouts) / count,
            "zero_variance_share": 1 - len(live) / len(made),
            "live_groups": float(len(live)),
            "generated_tokens": float(sum(len(r.sample.token_ids) for r in rollouts)),
            "trained_tokens": float(sum(len(r.sample.token_ids) for r in trained)),
        }

    def _bound_unscorable(self, step: int) -> None:
        share = self.figures["unscorable"]
        if share > self.bounds.unscorable:
            table = self.folder / f"step-{step:05d}.parquet"
            raise StageFailure(
                f"step {step}: {share:.0%} of the completions could not be judged, execution.bounds.unscorable allows "
                f"{self.bounds.unscorable:.0%}. See verdict and reason in {table}, mend the "
                "cause (broken golds, a sandbox that does not start), then start the stage again: it resumes."
            )
