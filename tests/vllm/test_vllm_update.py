"""Outputs follow the weights of the model in training, there and back."""

import pytest
import torch
from transformers import AutoModelForCausalLM
from vllm_reference import of, prompts_of

from openqwq.config.train import Sampling

SAMPLING = Sampling(temperature=1.0, max_tokens=24)


def test_new_weights_and_back(sampler, checkpoint):
    follow(sampler, checkpoint)


def follow(sampler, checkpoint, noise=0.05):
    """Samples before, with changed weights, and with the first ones again; log-probabilities tell whose they are.

    `noise` is that of the change, in standard deviations of a tensor.
    """
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    first = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    prompts = prompts_of(sampler)
    sampler.update(first.items())
    before = sampler.sample(prompts, 2, SAMPLING, 5)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * parameter.std() * noise)
    sampler.update(model.state_dict().items())
    changed = sampler.sample(prompts, 2, SAMPLING, 5)
    assert changed != before
    assert furthest(sampler, model, prompts, changed) < 2e-3
    assert furthest(sampler, model, prompts, before) > 0.1
    sampler.update(first.items())
    assert sampler.sample(prompts, 2, SAMPLING, 5) == before


def furthest(sampler, model, prompts, rows):
    """The largest difference between the samples' log-probabilities and the model's own."""
    largest = 0.0
    for prompt, row in zip(prompts, rows, strict=True):
        ids = sampler.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        for sample in row:
            apart = torch.tensor(sample.logprobs) - of(model, ids, sample.token_ids, SAMPLING.temperature)
            largest = max(largest, apart.abs().max().item())
    return largest


def test_after_sleep_come_new_weights_then_samples(sampler, checkpoint, monkeypatch):
    """The engine's own order of sleeping and waking; on a CPU its workers keep their memory, so what is freed is not seen."""
    weights = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).state_dict()
    prompts = prompts_of(sampler)
    sampler.update(weights.items())
    before = sampler.sample(prompts, 1, SAMPLING, 2)
    monkeypatch.setattr(sampler, "sleeps", True)
    sampler.sleep()
    assert sampler.engine.llm_engine.is_sleeping()
    with pytest.raises(ValueError, match=r"update\(\) comes before sample\(\)"):
        sampler.sample(prompts, 1, SAMPLING, 2)
    sampler.update(weights.items())
    assert not sampler.engine.llm_engine.is_sleeping()
    assert sampler.sample(prompts, 1, SAMPLING, 2) == before
