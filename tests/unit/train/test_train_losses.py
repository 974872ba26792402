"""Each loss against its formula in plain torch: unequal lengths, ratios away from 1, whole batch and micro-batches."""

import pytest
import torch
from datasets import Dataset
from train_step_helpers import batch_of_rollouts, configured, furthest, gradient_of, logprobs_under, model_with, train_on

from openqwq.errors import StageFailure, UserError
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.train import vocabulary

LONGEST = 12
CAP = 1.5


def token_clipped(logps, old, weights, advantages, low, high):
    """Sum over all tokens of the clipped surrogate."""
    total = 0.0
    for new, before, weight, advantage in zip(logps, old, weights, advantages, strict=True):
        ratio = (new - before).exp()
        total = total + (weight * torch.minimum(ratio * advantage, ratio.clamp(1 - low, 1 + high) * advantage)).sum()
    return total


def dapo(logps, old, weights, advantages, low=0.2, high=0.28):
    return -token_clipped(logps, old, weights, advantages, low, high) / sum(map(len, logps))


def dr_grpo(logps, old, weights, advantages):
    return -token_clipped(logps, old, weights, advantages, 0.2, 0.2) / (len(logps) * LONGEST)


def gspo(logps, old, weights, advantages):
    values = []
    for new, before, weight, advantage in zip(logps, old, weights, advantages, strict=True):
        ratio = (new - before).mean().exp()
        values.append(weight.mean() * torch.minimum(ratio * advantage, ratio.clamp(1 - 3e-4, 1 + 4e-4) * advantage))
    return -sum(values) / len(values)


def cispo(logps, old, weights, advantages, high=4.0):
    total = 0.0
    for new, before, weight, advantage in zip(logps, old, weights, advantages, strict=True):
        capped = (new - before).exp().clamp(max=1 + high).detach()
        total = total + (weight * capped * advantage * new).sum()
    return -total / sum(map(len, logps))


def cases():
    formulas = {"dapo": dapo, "dr_grpo": dr_grpo, "gspo": gspo, "cispo": cispo}
    narrow, low = {"loss": "dapo", "clip_low": 0.01, "clip_high": 0.02}, {"loss": "cispo", "clip_high": 0.1}
    return [
        *(
            pytest.param({"loss": name, "scale_rewards": "none" if name == "dr_grpo" else "group"}, formula, id=name)
            for name, formula in formulas.items()
        ),
        pytest.param(narrow, lambda *values: dapo(*values, 0.01, 0.02), id="dapo-narrow"),
        pytest.param(low, lambda *values: cispo(*values, 0.1), id="cispo-low-cap"),
    ]


def guessed(ids, generator):
    """A sampler's log-probabilities, near those of an untrained model of about 100 tokens."""
    return (torch.randn(len(ids), generator=generator) * 0.5 - 4.6).tolist()


@pytest.mark.parametrize(("changes", "formula"), cases())
def test_both_updates_have_the_gradient_of_the_formula(tiny_model, tmp_path, changes, formula):
    groups = batch_of_rollouts(logprobs=guessed)
    settings = {"steps": 2, "updates": 2, "mismatch_correction": "token_truncate", "mismatch_cap": CAP} | changes
    splits = ({}, {"micro_batch_size": 3}, {"micro_batch_size": None, "micro_batch_tokens": 40})
    runs = [train_on(tiny_model, tmp_path / str(i), configured(**settings | split), [groups]) for i, split in enumerate(splits)]
    tokenizer = load_tokenizer(tiny_model)
    start = load_model(tiny_model, "float32")
    for update in (0, 1):
        rollouts = [r for group in groups[update::2] for r in group]
        with torch.no_grad():
            old = logprobs_under(start, tokenizer, rollouts)
        weights = [(o - torch.tensor(r.sample.logprobs)).exp().clamp(max=CAP) for o, r in zip(old, rollouts, strict=True)]
        for run in runs:
            model = model_with(tiny_model, run.weights[update])
            logps = logprobs_under(model, tokenizer, rollouts)
            if update == 1:  # the first step has carried the policy away
                assert max((new - before).abs().max().item() for new, before in zip(logps, old, strict=True)) > 0.1
            loss = formula(logps, old, weights, [r.advantage for r in rollouts])
            far, size = furthest(gradient_of(model, loss), run.gradients[update])
            assert size > 1e-3
            assert far < 1e-6
            assert run.loss[update] == pytest.approx(loss.item(), abs=2e-4)  # the trainer rounds what it logs


def test_sharing_the_prompt_changes_no_gradient(tiny_model, tmp_path):
    groups, config = batch_of_rollouts(), configured(micro_batch_size=6)
    shared = train_on(tiny_model, tmp_path / "shared", config, [groups])
    apart = train_on(tiny_model, tmp_path / "apart", config, [groups], attention="eager")
    assert furthest(shared.gradients[0], apart.gradients[0])[0] < 1e-6
    assert shared.figures[0]["entropy"] == pytest.approx(apart.figures[0]["entropy"], rel=1e-5)


def test_the_kl_term_pulls_towards_the_first_policy(tiny_model, tmp_path):
    first, second = batch_of_rollouts(0), batch_of_rollouts(1)
    run = train_on(tiny_model, tmp_path, configured(steps=2, kl=0.3, micro_batch_size=5), [first, second])
    tokenizer, rollouts = load_tokenizer(tiny_model), [r for group in second for r in group]
    model, count = model_with(tiny_model, run.weights[1]), sum(len(r.sample.token_ids) for r in rollouts)
    logps = logprobs_under(model, tokenizer, rollouts)
    with torch.no_grad():
        reference = logprobs_under(load_model(tiny_model, "float32"), tokenizer, rollouts)
    # Each token's term times its ratio, whose value is 1 and whose gradient is not (arXiv 2512.02556, section 3.1).
    terms = [
        ((ref - new).exp() - (ref - new) - 1) * (new - new.detach()).exp() for ref, new in zip(reference, logps, strict=True)
    ]
    away = sum(term.sum() for term in terms) / count
    assert run.figures[0]["kl"] == pytest.approx(0, abs=1e-9)
    assert run.figures[1]["kl"] == pytest.approx(away.item(), rel=1e-4)
    ones = [torch.ones_like(row) for row in logps]
    loss = dapo(logps, [row.detach() for row in logps], ones, [r.advantage for r in rollouts]) + 0.3 * away
    far, size = furthest(gradient_of(model, loss), run.gradients[1])
    assert size > 1e-3
    assert far < 1e-6


@pytest.mark.parametrize(("autocast", "most"), [("none", 2**30), ("none", 0), ("bfloat16", 0)])
def test_a_scheduled_temperature_is_trained_on_too(tiny_model, tmp_path, monkeypatch, autocast, most):
    monkeypatch.setattr(vocabulary, "MOST", most)  # with 0, TRL's fused head is used
    groups = batch_of_rollouts()
    stages = [{"from_step": 1, "temperature": 1.0}, {"from_step": 2, "temperature": 0.6}]
    changes = {"steps": 2, "optimizer": {"learning_rate": 1e-9, "max_grad_norm": 1e9, "scheduler": "constant"}}
    changes |= {"autocast": autocast, "kl": 0.1, "loss": "dapo"}
    run = train_on(tiny_model, tmp_path / "a", configured(**changes, sampling={"temperature": stages}), [groups, groups])
    still = train_on(tiny_model, tmp_path / "b", configured(**changes, sampling={"temperature": 0.6}), [groups, groups])
    assert furthest(run.gradients[1], still.gradients[1])[0] < 1e-6
    assert furthest(run.gradients[0], still.gradients[0])[0] > 1e-3
    assert run.figures[1]["kl"] == pytest.approx(0, abs=1e-6)
    if autocast == "none":
        model, rollouts = model_with(tiny_model, run.weights[1]), [r for group in groups for r in group]
        logps = logprobs_under(model, load_tokenizer(tiny_model), rollouts, 0.6)
        loss = dapo(logps, [row.detach() for row in logps], [torch.ones_like(r) for r in logps], [r.advantage for r in rollouts])
        assert furthest(gradient_of(model, loss), run.gradients[1])[0] < 1e-6


def test_the_ratio_of_trainer_and_sampler_is_in_the_figures(tiny_model, tmp_path):
    groups = batch_of_rollouts(logprobs=guessed)
    rollouts = [r for group in groups for r in group]
    with torch.no_grad():
        rows = logprobs_under(load_model(tiny_model, "float32"), load_tokenizer(tiny_model), rollouts)
    ratio = torch.cat([(row - torch.tensor(r.sample.logprobs)).exp() for row, r in zip(rows, rollouts, strict=True)])
    corrected = configured(mismatch_correction="token_truncate", mismatch_cap=CAP, micro_batch_size=3)
    figures = train_on(tiny_model, tmp_path / "a", corrected, [groups]).figures[0]
    assert figures["mismatch_ratio/mean"] == pytest.approx(float(ratio.mean()), rel=1e-4)
    assert figures["mismatch_ratio/min"] == pytest.approx(float(ratio.min()), rel=1e-4)
    assert figures["mismatch_ratio/max"] == pytest.approx(float(ratio.max()), rel=1e-4)
    assert figures["mismatch_truncated"] == pytest.approx(float((ratio > CAP).float().mean()))
    assert 0 < figures["mismatch_truncated"] < 1
    measured = train_on(tiny_model, tmp_path / "b", configured(), [groups]).figures[0]
    assert measured["mismatch_ratio/mean"] == pytest.approx(float(ratio.mean()), rel=1e-4)
    assert "mismatch_truncated" not in measured


@pytest.mark.parametrize(
    ("logprobs", "error", "named"),
    [
        (None, UserError, "gives no log-probability of each token.*mismatch_correction: none"),
        (lambda ids, _: [float("nan")] * len(ids), StageFailure, "not all finite numbers"),
    ],
)
def test_a_correction_without_what_it_needs_is_an_error(tiny_model, tmp_path, logprobs, error, named):
    groups = batch_of_rollouts(logprobs=logprobs)
    with pytest.raises(error, match=named):
        train_on(tiny_model, tmp_path, configured(mismatch_correction="token_truncate"), [groups])


def test_entropy_is_a_mean_over_tokens_whatever_the_split(tiny_model, tmp_path):
    groups = batch_of_rollouts()
    whole, split = (
        train_on(tiny_model, tmp_path / str(size), configured(micro_batch_size=size), [groups]).figures[0] for size in (16, 1)
    )
    assert whole["entropy"] == pytest.approx(split["entropy"], rel=1e-6)
    assert 1 < whole["entropy"] < 5
    assert split["padding_share"] == 0


def test_a_step_without_live_groups_changes_nothing_and_masked_completions_do_not_count(tiny_model, tmp_path):
    groups = batch_of_rollouts()
    for group in groups:
        group[0].advantage = None
    none, some = (train_on(tiny_model, tmp_path / str(len(made)), configured(), [made]) for made in ([], groups))
    assert all(not gradient.any() for gradient in none.gradients[0].values())
    model, rollouts = model_with(tiny_model, some.weights[0]), [r for group in groups for r in group[1:]]
    logps = logprobs_under(model, load_tokenizer(tiny_model), rollouts)
    loss = dapo(logps, [row.detach() for row in logps], [torch.ones_like(r) for r in logps], [r.advantage for r in rollouts])
    assert furthest(gradient_of(model, loss), some.gradients[0])[0] < 1e-6


def test_micro_batches_left_to_the_loop_are_refused(tiny_model, tmp_path):
    from trl import GRPOConfig as TrlGrpoConfig

    from openqwq.train.grpo_trainer import RolloutGrpoTrainer

    arguments = TrlGrpoConfig(
        output_dir=str(tmp_path), gradient_accumulation_steps=2, per_device_train_batch_size=8, use_cpu=True, bf16=False
    )
    with pytest.raises(ValueError, match="has to be 1"):
        RolloutGrpoTrainer(
            make=lambda *_: [],
            model=load_model(tiny_model, "float32"),
            args=arguments,
            train_dataset=Dataset.from_dict({"prompt": [""]}),
            processing_class=load_tokenizer(tiny_model),
        )
