"""Makes the rollouts of one optimizer step: draws problems, samples groups, judges them, replaces those that teach nothing.

Dynamic sampling (DAPO, arXiv 2503.14476, section 3.2): a group whose rewards do not vary has no gradient, so other problems
take its place before the optimizer step. Where DAPO draws batches of a fixed size until it has enough, a round here draws as
many problems as the live share of the last steps lets expect to be needed, in all at most `max_generated` × `groups`.

- Every completion is the present policy's: live groups beyond `groups` are dropped, not kept for the next step.
- Groups are taken in the order in which they were drawn, each judged whole; how long a completion takes decides nothing, so
  short ones have no advantage.
- What is drawn depends on the seed, the step and the rollouts of the steps before (`difficulty.py`), nothing else.
- Where the bound is reached first, the step trains on fewer groups, and `live_share` and `live_groups` say so.

Problems of environments are played as episodes of several turns (`agents/play.py`), in the same rounds as the others.
All rollouts are kept on disk, trained on or not.
"""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openqwq.agents.episode import AgentLimits
from openqwq.agents.play import play
from openqwq.agents.rows import is_agent
from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.config import Bounds
from openqwq.config.train import GrpoConfig, Sampling
from openqwq.errors import StageFailure
from openqwq.generate import Sample, Sampler
from openqwq.train import hacking, watch
from openqwq.train.advantages import advantages
from openqwq.train.difficulty import Difficulty
from openqwq.train.figures import figures
from openqwq.train.judging import Judge, Limits, Scorer
from openqwq.train.pool import Problem, ProblemPool
from openqwq.train.rollouts import Group, Rollout, live
from openqwq.train.schedules import sampling_at
from openqwq.verify import VerifierPool


class RolloutMaker:
    """Everything that a step's rollouts need. `scorer` is the reward model's, where a reward asks for it, and `tokenizer` the
    policy's, where there are episodes to play."""

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
        tokenizer: Any = None,
    ) -> None:
        self.config, self.pool, self.prompt_of, self.sampler = config, pool, prompt_of, sampler
        self.verifiers, self.scorer, self.folder, self.seed = verifiers, scorer, folder, seed
        self.bounds, self.tell, self.tokenizer = bounds, tell, tokenizer
        self.figures: dict[str, float] = {}
        self.difficulty: Difficulty | None = None
        # By domain, then by reward.
        self.weights: dict[str, dict[str, float]] = {
            str(domain): {str(name): weight for name, weight in mix.rewards.items()} for domain, mix in config.domains.items()
        }
        self.gated = {str(domain) for domain, mix in config.domains.items() if mix.reward_model_gate == "rules"}

    def make(self, step: int) -> list[Group]:
        """The live groups of optimizer step `step` (1, 2, …), at most `config.groups`; sets `figures`.

        The rollouts of all steps before lie in `folder`.
        """
        difficulty = self._difficulty(step)
        made: list[Group] = []
        seconds = {"generation_seconds": 0.0, "verification_seconds": 0.0}
        rounds = 0
        while wanted := self._wanted(made, difficulty):
            used = {group[0].problem["id"] for group in made}
            problems = self.pool.draw(step, rounds, wanted, used, difficulty)
            if not problems:
                break
            made += self._round(problems, step, seconds)
            rounds += 1
        trained = [group for group in made if live(group)][: self.config.groups]
        for group in made:
            self._advantages(group)
        rows = [rollout.row(step) for group in made for rollout in group]
        write_table(self.folder / f"step-{step:05d}.parquet", rows, ROLLOUT)
        retired, backed_off = difficulty.resting(step)
        self.figures = figures(made, trained, self.config.groups, self.config.group_size) | seconds
        self.figures |= {"generation_rounds": rounds, "retired_problems": retired, "backed_off_problems": backed_off}
        difficulty.observe(step, rows)
        self._bound_unscorable(step)
        self.figures |= hacking.recent(self.folder, step, self.bounds)
        self.figures |= watch.recent(self.folder, step, self.bounds)
        return trained

    def _difficulty(self, step: int) -> Difficulty:
        """As of the steps before: carried on from the last one, or read back where the stage resumes."""
        before = range(1, step, self.config.updates)
        if self.difficulty is None or self.difficulty.step != max(before, default=0):
            self.difficulty = Difficulty.after(before, self.folder, self.pool.profile, self.config.rest)
        return self.difficulty

    def _wanted(self, made: list[Group], difficulty: Difficulty) -> int:
        """How many problems the next round draws; 0 when there are live groups enough, or the bound is reached."""
        alive = sum(map(live, made))
        missing = self.config.groups - alive
        if missing <= 0:
            return 0
        needed = missing / difficulty.expected_share(len(made), alive) * self.config.oversample
        return min(math.ceil(needed - 1e-9), math.floor(self.config.max_generated * self.config.groups + 1e-9) - len(made))

    def _round(self, problems: list[Problem], step: int, seconds: dict[str, float]) -> list[Group]:
        """A judged group of each problem, in order; adds to `seconds` how long it took to write, and then to judge the rest."""
        groups: dict[int, Group] = {}
        sampling = sampling_at(self.config.sampling, step)
        judge = Judge(self.verifiers, self.scorer, self.weights, self._limits(sampling), self.gated)

        def written(index: int, group: Group) -> None:
            groups[index] = group
            judge.start(group)

        started = time.monotonic()
        # The step enters the seed, or a problem drawn twice would get the same completions from an unchanged policy.
        seed = self.seed * 1_000_003 + step
        tasks = [index for index, problem in enumerate(problems) if is_agent(problem)]
        if tasks:
            for index, group in zip(tasks, self._episodes([problems[i] for i in tasks], sampling, seed, step), strict=True):
                written(index, group)
        others = [index for index, problem in enumerate(problems) if not is_agent(problem)]
        if others:
            prompts = [self.prompt_of(problems[i]) for i in others]

            def drawn(at: int, samples: list[Sample]) -> None:
                problem = problems[others[at]]
                written(others[at], [Rollout(problem, number, prompts[at], one) for number, one in enumerate(samples)])

            self.sampler.sample(prompts, self.config.group_size, sampling, seed, self._telling("completions", step), drawn)
        sampled = time.monotonic()
        ordered = [groups[index] for index in range(len(problems))]
        judge.finish(ordered)
        seconds["generation_seconds"] += sampled - started
        seconds["verification_seconds"] += time.monotonic() - sampled
        return ordered

    def _episodes(self, problems: list[Problem], sampling: Sampling, seed: int, step: int) -> list[Group]:
        """A group of judged episodes of each agent problem."""
        assert self.config.agents is not None  # filled in where there is a domain agent
        limits = AgentLimits(**self.config.agents.model_dump())
        played = play(
            problems,
            self.config.group_size,
            self.sampler,
            self.tokenizer,
            sampling,
            seed,
            limits,
            self._telling("episodes", step),
        )
        return [[Rollout.of(episode) for episode in episodes] for episodes in played]

    def _telling(self, what: str, step: int) -> Callable[[int, int], None]:
        return lambda done, total: self.tell(f"step {step}/{self.config.steps}  {what} {done}/{total}")

    def _limits(self, sampling: Sampling) -> Limits:
        return Limits(sampling.max_tokens, self.config.overlong_buffer, self.config.truncated == "mask")

    def _advantages(self, group: Group) -> None:
        scaled = advantages([rollout.reward for rollout in group], self.config.scale_rewards == "group")
        for rollout, advantage in zip(group, scaled, strict=True):
            rollout.advantage = advantage

    def _bound_unscorable(self, step: int) -> None:
        share = self.figures["unscorable"]
        if share > self.bounds.unscorable:
            table = self.folder / f"step-{step:05d}.parquet"
            raise StageFailure(
                f"step {step}: {share:.0%} of the completions could not be judged, execution.bounds.unscorable allows "
                f"{self.bounds.unscorable:.0%}. See verdict and reason in {table}, mend the "
                "cause (broken golds, a sandbox that does not start), then start the stage again: it resumes."
            )
