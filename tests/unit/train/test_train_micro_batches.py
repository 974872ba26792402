"""Micro-batches: everything once, groups side by side, budgets kept, little padding."""

import random

import pytest

from openqwq.generate import Sample
from openqwq.train import micro_batches as module
from openqwq.train.micro_batches import Budget, micro_batches
from openqwq.train.rollouts import Rollout


def rollouts(seed, groups=24, size=8, mean=40, least=1):
    """Groups of unequal prompts, completions of lengths that vary as those of a policy do, some of them masked away."""
    dice = random.Random(seed)
    made, prompts = [], {}
    for group in range(groups):
        prompt = f"p{group:03d}"
        prompts[prompt] = [1] * dice.randrange(20, 60)
        centre = dice.lognormvariate(0, 0.5) * mean
        for number in range(dice.randrange(size // 2, size + 1)):
            length = max(least, int(dice.gauss(centre, centre / 4)))
            made.append(Rollout({"id": prompt}, number, prompt, Sample("", [2] * length, "stop")))
    return made, prompts


def names(batches):
    return [[(r.prompt, r.number) for r in batch] for batch in batches]


def rows_of(batch, prompts):
    """Widths of the rows that a batch packs into, as the forward pass does."""
    from itertools import groupby

    groups = [list(members) for _, members in groupby(batch, key=lambda r: r.prompt)]
    return [len(prompts[g[0].prompt]) - 1 + sum(1 + len(r.sample.token_ids) for r in g) for g in groups]


@pytest.mark.parametrize("sharing", [True, False])
@pytest.mark.parametrize("budget", [Budget(completions=8), Budget(tokens=700), Budget(completions=3), Budget(tokens=90)])
def test_every_completion_is_in_one_batch_within_the_budget(budget, sharing):
    made, prompts = rollouts(1)
    batches = micro_batches(made, prompts, budget, sharing)
    flat = [name for batch in names(batches) for name in batch]
    assert sorted(flat) == sorted((r.prompt, r.number) for r in made)
    for batch in batches:
        if budget.completions:
            assert len(batch) <= budget.completions
        elif sharing:
            widths = rows_of(batch, prompts)
            assert max(widths) * len(widths) <= budget.tokens or len(batch) == 1
        else:
            width = max(len(prompts[r.prompt]) for r in batch) + max(len(r.sample.token_ids) for r in batch)
            assert width * len(batch) <= budget.tokens or len(batch) == 1


def test_it_is_the_same_whatever_the_order_of_the_rollouts():
    made, prompts = rollouts(2)
    mixed = random.Random(0).sample(made, len(made))
    assert names(micro_batches(made, prompts, Budget(tokens=700), True)) == names(
        micro_batches(mixed, prompts, Budget(tokens=700), True)
    )


@pytest.mark.parametrize("sharing", [True, False])
@pytest.mark.parametrize("budget", [Budget(tokens=2048), Budget(tokens=8192), Budget(completions=8), Budget(completions=32)])
def test_at_most_a_tenth_of_what_is_computed_is_padding_and_few_passes_are_made(budget, sharing):
    made, prompts = rollouts(5, groups=32)
    batches = micro_batches(made, prompts, budget, sharing)
    for batch in batches:
        if sharing:
            widths = rows_of(batch, prompts)
            computed, used = max(widths) * len(widths), sum(widths)
        else:
            lengths = [(len(prompts[r.prompt]), len(r.sample.token_ids)) for r in batch]
            computed, used = (max(p for p, _ in lengths) + max(c for _, c in lengths)) * len(batch), sum(map(sum, lengths))
        assert 1 - used / computed <= 0.1
    assert len(batches) < len(made) / (5 if sharing else 2)


def test_what_is_too_long_to_share_stands_alone_beside_its_like(monkeypatch):
    monkeypatch.setattr(module, "MAX_TOKENS", 256)
    made, prompts = rollouts(3, mean=60)
    batches = micro_batches(made, prompts, Budget(tokens=1200), True)

    def long(prompt):
        return 2 * (len(prompts[prompt]) + max(len(r.sample.token_ids) for r in made if r.prompt == prompt)) > 256

    kinds = [{long(r.prompt) for r in batch} for batch in batches]
    assert all(len(kind) == 1 for kind in kinds)
    assert {True} in kinds
    assert {False} in kinds


def test_sixteen_completions_unless_told():
    assert Budget.of(None, None) == Budget(completions=16)
    assert Budget.of(None, 512) == Budget(tokens=512)
    assert Budget.of(4, None) == Budget(completions=4)
    assert micro_batches([], {}, Budget(completions=4), True) == []
