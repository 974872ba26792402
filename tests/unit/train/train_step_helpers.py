"""Optimizer steps of the real trainer on made-up rollouts, and the same gradients by plain formulas."""

import json

import torch
from datasets import Dataset
from transformers import TrainerCallback

from openqwq.config import Execution
from openqwq.config.train import GrpoConfig
from openqwq.generate import Sample
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.stage import Stage
from openqwq.train.grpo_arguments import trainer_settings, trl_arguments
from openqwq.train.grpo_trainer import RolloutGrpoTrainer
from openqwq.train.rollouts import Rollout

# Completion lengths by group; advantages of both signs, unequal in size.
LENGTHS = {"one plus one?": [3, 9, 1, 5], "?": [2, 12, 4, 4], "and two?": [7, 1, 6, 2], "what then?": [8, 3, 3, 11]}


def configured(**changes):
    """A configuration of one batch of four groups of four; gradients are not clipped, nothing is rounded."""
    settings = {
        "steps": 1,
        "groups": 4,
        "group_size": 4,
        "micro_batch_size": 16,
        "optimizer": {"learning_rate": 1e-2, "scheduler": "constant", "max_grad_norm": 1e9},
        "sampling": {"max_tokens": 12},
        "domains": {"math": {"rewards": {"accuracy": 1.0}}},
        "mismatch_correction": "none",
        "autocast": "none",
    }
    return GrpoConfig.model_validate_json(json.dumps(settings | changes))


def batch_of_rollouts(seed=0, logprobs=None):
    """Four groups; `logprobs(ids)` are the sampler's."""
    generator = torch.Generator().manual_seed(seed)
    groups = []
    for prompt, lengths in LENGTHS.items():
        advantages = torch.randn(len(lengths), generator=generator).tolist()
        group = []
        for number, (length, advantage) in enumerate(zip(lengths, advantages, strict=True)):
            ids = torch.randint(5, 60, (length,), generator=generator).tolist()
            sample = Sample("", ids, "stop", logprobs(ids, generator) if logprobs else [])
            group.append(Rollout({"id": prompt}, number, prompt, sample, advantage=advantage))
        groups.append(group)
    return groups


class Watch(TrainerCallback):
    """Keeps weights before and gradients at each optimizer step."""

    def __init__(self):
        self.weights, self.gradients, self.figures, self.loss = [], [], [], []

    def on_pre_optimizer_step(self, args, state, control, model=None, **_):
        self.weights.append({n: p.detach().clone() for n, p in model.named_parameters()})
        self.gradients.append({n: p.grad.clone() for n, p in model.named_parameters()})

    def on_log(self, args, state, control, logs=None, **_):
        if "loss" in logs:
            self.loss.append(logs["loss"])
            self.figures.append(dict(self.trainer.figures))


def train_on(tiny_model, tmp_path, config, batches, attention="sdpa"):
    """Runs all steps of `config`; `batches` are the groups that each batch of rollouts has, in order."""
    watch, left = Watch(), list(batches)
    stage = Stage("reason", config={}, inputs={}, state_root=tmp_path / ".state", seed=1, recipe_version=1)
    model = load_model(tiny_model, "float32")
    model.set_attn_implementation(attention)
    arguments = trl_arguments(stage, config, Execution(verifier_workers=1))
    arguments.save_strategy = "no"
    watch.trainer = RolloutGrpoTrainer(
        make=lambda _step, _model: left.pop(0),
        model=model,
        args=arguments,
        train_dataset=Dataset.from_dict({"prompt": [""] * (config.groups * config.steps)}),
        processing_class=load_tokenizer(tiny_model),
        callbacks=[watch],
        **trainer_settings(config),
    )
    watch.trainer.train()
    return watch


def logprobs_under(model, tokenizer, rollouts, temperature=1.0):
    """Log-probabilities of each completion's tokens, a completion at a time."""
    rows = []
    for rollout in rollouts:
        prompt, ids = tokenizer(rollout.prompt, add_special_tokens=False)["input_ids"], rollout.sample.token_ids
        logits = model(input_ids=torch.tensor([prompt + ids])).logits[0, len(prompt) - 1 : -1] / temperature
        rows.append(torch.log_softmax(logits, dim=-1).gather(1, torch.tensor(ids).unsqueeze(1)).squeeze(1))
    return rows


def model_with(tiny_model, weights):
    model = load_model(tiny_model, "float32")
    model.load_state_dict(weights, strict=False)
    return model


def gradient_of(model, loss):
    loss.backward()
    return {n: p.grad for n, p in model.named_parameters()}


def furthest(one, other):
    """The largest difference of two gradients, and the largest entry of the first."""
    return max(float((one[n] - other[n]).abs().max()) for n in one), max(float(g.abs().max()) for g in one.values())
