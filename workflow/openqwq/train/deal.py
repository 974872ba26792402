"""Deals the live groups of an optimizer step to the processes that train on them."""

from collections.abc import Sequence

from openqwq.train.rollouts import Rollout


def deal(groups: Sequence[Sequence[Rollout]], processes: int, capacity: int) -> list[list[Rollout]]:
    """The rollouts of each process, at most `capacity` of them, with tokens spread evenly.

    Groups stay whole, so that their prompt is computed once, as long as one fits: the largest first, each to the process with
    the fewest tokens so far (Graham 1969, longest processing time first). What then fits nowhere whole is dealt one by one.
    The loss is a sum over tokens with one normaliser for the step, so no dealing changes the gradient.
    Raises `ValueError` for more rollouts than fit. All processes deal the same.
    """
    if sum(map(len, groups)) > processes * capacity:
        raise ValueError(f"{sum(map(len, groups))} rollouts do not fit {processes} processes of {capacity}")
    hands: list[list[Rollout]] = [[] for _ in range(processes)]

    def give(rollouts: Sequence[Rollout]) -> bool:
        able = [hand for hand in hands if len(hand) + len(rollouts) <= capacity]
        if able:
            min(able, key=_tokens).extend(rollouts)
        return bool(able)

    rest = [group for group in sorted(groups, key=_tokens, reverse=True) if not give(group)]
    for rollout in sorted((r for group in rest for r in group), key=lambda r: len(r.sample.token_ids), reverse=True):
        give([rollout])
    return hands


def _tokens(rollouts: Sequence[Rollout]) -> int:
    """Tokens that are computed: the shared prompt's, by its length in characters, once, and each completion's."""
    prompts = {rollout.prompt for rollout in rollouts}
    return sum(map(len, prompts)) // 4 + sum(len(rollout.sample.token_ids) for rollout in rollouts)
