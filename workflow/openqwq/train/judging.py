"""From completions to rewards, while the sampler is still writing others.

A group goes to the verifiers' processes as soon as its last completion is written; what they say is collected when the
sampler has finished. The reward model is asked once for all groups together, in one order, while the verifiers are still at
work. So nothing depends on who is ready first.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from openqwq.train.rewards import Judgement, Length, rewards_of
from openqwq.train.rollouts import Group, Rollout
from openqwq.verify import Item, VerifierPool
from openqwq.verify.pool import Pending

Scorer = Callable[[list[tuple[str, str]]], list[float]]  # of (prompt, completion) pairs


@dataclass(frozen=True, slots=True)
class Limits:
    """What the rewards have to know of the length at which completions are cut."""

    max_tokens: int
    buffer: int | None = None  # tokens before it in which `overlong` falls
    mask: bool = False  # a completion that was cut is not trained on


class Judge:
    """Judges the groups of one round; `weights` are by domain, then by reward's name; in the domains `gated` the reward model
    counts only where the rules hold. Episodes bring their verdicts along.

    `scorer` is the reward model's; without one, a reward that asks for it raises `ValueError`.
    """

    def __init__(
        self,
        verifiers: VerifierPool,
        scorer: Scorer | None,
        weights: Mapping[str, Mapping[str, float]],
        limits: Limits,
        gated: Set[str] = frozenset(),
    ) -> None:
        self.verifiers, self.scorer, self.weights, self.limits, self.gated = verifiers, scorer, weights, limits, gated
        self.open: list[tuple[Group, Pending]] = []

    def start(self, group: Group) -> None:
        """Hands a group's completions to the verifiers and returns at once."""
        checked = [rollout for rollout in group if rollout.problem["verifier"] and rollout.episode is None]
        items = [
            Item(f"{r.problem['id']}/{r.number}", r.problem["verifier"], r.problem["reference"], r.sample.text) for r in checked
        ]
        self.open.append((checked, self.verifiers.submit(items)))

    def finish(self, groups: list[Group]) -> None:
        """Gives the rollouts of all started groups their verdicts and rewards. Raises what a verifier has raised."""
        rollouts = [rollout for group in groups for rollout in group]
        scores = self._scores(rollouts)
        for checked, pending in self.open:
            for rollout, judged in zip(checked, pending.result(), strict=True):
                rollout.verdict, rollout.seconds = judged.verdict, judged.seconds
        for rollout in rollouts:
            domain = rollout.problem["domain"]
            rollout.reward_model = scores.get(id(rollout))
            length = self._length(rollout)
            judgement = Judgement(rollout.sample.text, rollout.verdict, rollout.reward_model, length, rollout.turns)
            weights = dict(self.weights[domain])
            rollout.rewards, rollout.reward = rewards_of(judgement, weights, self.limits.mask, domain in self.gated)

    def _length(self, rollout: Rollout) -> Length:
        return Length(rollout.length, self.limits.max_tokens, self.limits.buffer, rollout.cut)

    def _scores(self, rollouts: list[Rollout]) -> dict[int, float]:
        asked = [rollout for rollout in rollouts if "reward_model" in self.weights[rollout.problem["domain"]]]
        if not asked:
            return {}
        if self.scorer is None:
            raise ValueError("a reward asks for the reward model, but none was given")
        values = self.scorer([(rollout.prompt, rollout.sample.text) for rollout in asked])
        return {id(rollout): value for rollout, value in zip(asked, values, strict=True)}
