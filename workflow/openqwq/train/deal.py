"""Deals the live groups of an optimizer step to the processes that train on them."""

from collections.abc import Sequence

from openqwq.train.rollouts import Group, Rollout
from openqwq.train.shared_prompt import MAX_TOKENS


def deal(groups: Sequence[Group], processes: int) -> list[Group]:
    """The rollouts that each process trains on, with tokens spread evenly; those without an advantage are left out.

    A group whose completions share the computation of their prompt stays whole; one that is too long for that is dealt completion
    by completion. The largest goes first, each to the process with the fewest tokens so far (longest processing time first,
    Graham 1969). The loss is a sum over tokens with one normaliser for the step, so no dealing changes the gradient.
    All processes deal the same.
    """
    hands: list[Group] = [[] for _ in range(processes)]
    trained = [[rollout for rollout in group if rollout.advantage is not None] for group in groups]
    units = [unit for group in trained for unit in ([group] if tokens(group) <= MAX_TOKENS else [[one] for one in group])]
    for unit in sorted(units, key=tokens, reverse=True):
        min(hands, key=tokens).extend(unit)
    return hands


def tokens(rollouts: Sequence[Rollout]) -> int:
    """About how many are computed: each prompt's once, four characters a token, and each completion's."""
    prompts = {rollout.prompt for rollout in rollouts}
    return sum(map(len, prompts)) // 4 + sum(len(rollout.sample.token_ids) for rollout in rollouts)
