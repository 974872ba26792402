"""The losses on continuations that the policy wrote only in part: what it read between its turns is context, no more."""

import dataclasses

import pytest
import torch
from test_train_losses import CAP, cases, guessed
from train_step_helpers import batch_of_rollouts, configured, furthest, gradient_of, logprobs_under, model_with, train_on

from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.train import vocabulary
from openqwq.train.figures import figures

READ = range(2, 4)  # tokens that a tool wrote, in each continuation that is long enough
SPLITS = {
    "one pass": {},
    "small passes": {"micro_batch_size": 3},
    "by tokens": {"micro_batch_size": None, "micro_batch_tokens": 40},
}


def episodes(**options):
    """The made-up groups, of which every second continuation reads something in its middle."""
    groups = batch_of_rollouts(**options)
    for rollout in [r for group in groups for r in group][::2]:
        if len(rollout.sample.token_ids) > READ.stop:
            rollout.mask = [at not in READ for at in range(len(rollout.sample.token_ids))]
    assert {r.mask is None for group in groups for r in group} == {True, False}
    return groups


def written(values, rollouts):
    """Of each rollout's figures those of the tokens that the policy wrote."""
    return [row[torch.tensor(r.written)] for row, r in zip(values, rollouts, strict=True)]


@pytest.mark.parametrize(("changes", "formula"), cases())
@pytest.mark.parametrize("way", [*SPLITS, "TRL's head", "a sequence each"])
def test_both_updates_have_the_gradient_of_the_formula_over_the_written_tokens(
    tiny_model, tmp_path, monkeypatch, way, changes, formula
):
    if way == "TRL's head":
        monkeypatch.setattr(vocabulary, "MOST", 0)
    groups = episodes(logprobs=guessed)
    settings = {"steps": 2, "updates": 2, "mismatch_correction": "token_truncate", "mismatch_cap": CAP} | changes
    attention = "eager" if way == "a sequence each" else "sdpa"
    run = train_on(tiny_model, tmp_path, configured(**settings | SPLITS.get(way, {})), [groups], attention)
    tokenizer, start = load_tokenizer(tiny_model), load_model(tiny_model, "float32")
    for update in (0, 1):
        rollouts = [r for group in groups[update::2] for r in group]
        with torch.no_grad():
            old = written(logprobs_under(start, tokenizer, rollouts), rollouts)
        sampled = written([torch.tensor(r.sample.logprobs) for r in rollouts], rollouts)
        weights = [(o - s).exp().clamp(max=CAP) for o, s in zip(old, sampled, strict=True)]
        model = model_with(tiny_model, run.weights[update])
        logps = written(logprobs_under(model, tokenizer, rollouts), rollouts)
        loss = formula(logps, old, weights, [r.advantage for r in rollouts])
        far, size = furthest(gradient_of(model, loss), run.gradients[update])
        assert size > 1e-3
        assert far < 1e-6
        assert run.loss[update] == pytest.approx(loss.item(), abs=2e-4)
        ratios = torch.cat([(new.detach() - s).exp() for new, s in zip(old, sampled, strict=True)])
        assert run.figures[update]["mismatch_ratio/mean"] == pytest.approx(ratios.mean().item(), rel=1e-4)
        assert run.figures[update]["mismatch_ratio/max"] == pytest.approx(ratios.max().item(), rel=1e-4)


def test_kl_and_entropy_are_those_of_the_written_tokens(tiny_model, tmp_path):
    first, second = episodes(seed=0), episodes(seed=1)
    run = train_on(tiny_model, tmp_path, configured(steps=2, kl=0.3, micro_batch_size=5), [first, second])
    tokenizer, rollouts = load_tokenizer(tiny_model), [r for group in second for r in group]
    model = model_with(tiny_model, run.weights[1])
    with torch.no_grad():
        new = torch.cat(written(logprobs_under(model, tokenizer, rollouts), rollouts))
        ref = torch.cat(written(logprobs_under(load_model(tiny_model, "float32"), tokenizer, rollouts), rollouts))
    assert run.figures[1]["kl"] == pytest.approx(((ref - new).exp() - (ref - new) - 1).mean().item(), rel=1e-4)
    entropies = []
    for rollout in rollouts:
        prompt, ids = tokenizer(rollout.prompt, add_special_tokens=False)["input_ids"], rollout.sample.token_ids
        with torch.no_grad():
            logps = torch.log_softmax(model(input_ids=torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1], dim=-1)
        entropies.append(-(logps.exp() * logps).sum(dim=1))
    assert run.figures[1]["entropy"] == pytest.approx(torch.cat(written(entropies, rollouts)).mean().item(), rel=1e-4)


def with_another_result(groups):
    """The same continuations with another tool's words where the policy reads."""
    return [
        [
            dataclasses.replace(
                rollout,
                sample=dataclasses.replace(
                    rollout.sample,
                    token_ids=[
                        token if mine else token % 50 + 6
                        for token, mine in zip(rollout.sample.token_ids, rollout.written, strict=True)
                    ],
                ),
            )
            for rollout in group
        ]
        for group in groups
    ]


def test_what_a_tool_says_is_context_of_later_tokens_and_no_target(tiny_model, tmp_path):
    groups = episodes()
    run = train_on(tiny_model, tmp_path / "a", configured(), [groups])
    other = train_on(tiny_model, tmp_path / "b", configured(), [with_another_result(groups)])
    assert furthest(run.gradients[0], other.gradients[0])[0] > 1e-4, "later tokens are read after it"
    for rollout in [r for group in groups for r in group if r.mask is not None]:
        rollout.mask = [at < READ.start for at in range(len(rollout.mask))]  # nothing after it is trained on
    before = train_on(tiny_model, tmp_path / "c", configured(), [groups])
    swapped = train_on(tiny_model, tmp_path / "d", configured(), [with_another_result(groups)])
    far, size = furthest(before.gradients[0], swapped.gradients[0])
    assert far < 1e-9 < 1e-3 < size


def test_lengths_count_written_tokens():
    groups = episodes()
    for group in groups:
        for rollout in group:
            rollout.reward, rollout.problem = float(rollout.number), {"domain": "agent"}
    rollouts = [r for group in groups for r in group]
    read = sum(len(READ) for r in rollouts if r.mask is not None)
    made = figures(groups, groups, 4, 4)
    assert made["generated_tokens"] == made["trained_tokens"] == sum(len(r.sample.token_ids) for r in rollouts) - read
    assert made["trained_length/mean"] == made["trained_tokens"] / 16
