"""The figures of one RL step: rewards, what was generated and what of it is trained on, and how long both are."""

import statistics

import numpy as np

from openqwq.train.advantages import is_live
from openqwq.train.rollouts import Group, Rollout, live

QUANTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


def figures(made: list[Group], trained: list[Group], groups: int, group_size: int) -> dict[str, float]:
    """By name, from all groups made and those trained on; `groups` × `group_size` completions are configured a step.

    `live_share` is the share of the configured completions that belong to a live group and are trained on: 1 unless live
    groups were missing or completions of live ones are masked.
    """
    generated = [rollout for group in made for rollout in group]
    taught = [rollout for group in trained for rollout in group if rollout.advantage is not None]
    count, alive = len(generated), sum(map(live, made))
    return (
        _rewards(generated)
        | {
            "truncated": sum(r.cut for r in generated) / count,
            "unscorable": sum(r.verdict is not None and r.verdict.outcome == "unscorable" for r in generated) / count,
            "zero_variance_share": 1 - alive / len(made),
            "live_groups": float(len(trained)),
            "live_share": len(taught) / (groups * group_size),
            "shaped_groups": float(sum(map(_shaped, trained))),
            "surplus_groups": float(alive - len(trained)),
            "generated_factor": len(made) / groups,
            "generated_completions": float(count),
            "trained_completions": float(len(taught)),
            "generated_tokens": float(sum(map(_tokens, generated))),
            "trained_tokens": float(sum(map(_tokens, taught))),
        }
        | _lengths("generated_length", generated)
        | _lengths("trained_length", taught)
    )


def _rewards(rollouts: list[Rollout]) -> dict[str, float]:
    """Means of the reward, of each named reward, and by domain."""
    values: dict[str, list[float]] = {}
    for rollout in rollouts:
        for name, value in rollout.rewards.items():
            values.setdefault(f"reward/{name}", []).append(value)
        if rollout.reward is not None:
            values.setdefault("reward", []).append(rollout.reward)
            values.setdefault(f"reward/{rollout.problem['domain']}", []).append(rollout.reward)
    return {name: statistics.fmean(numbers) for name, numbers in values.items()}


def _lengths(name: str, rollouts: list[Rollout]) -> dict[str, float]:
    """Mean and quantiles of the completions' lengths in tokens; nothing where there are none."""
    if not rollouts:
        return {}
    lengths = list(map(_tokens, rollouts))
    at = np.quantile(lengths, list(QUANTILES.values()))
    return {f"{name}/mean": statistics.fmean(lengths)} | {
        f"{name}/{quantile}": float(value) for quantile, value in zip(QUANTILES, at, strict=True)
    }


def _shaped(group: Group) -> bool:
    scores = [rollout.verdict.score for rollout in group if rollout.verdict is not None and rollout.reward is not None]
    return bool(scores) and not is_live(scores)


def _tokens(rollout: Rollout) -> int:
    return rollout.length
