"""Prompts and seeds as the vLLM samplers hand them on, without an engine."""

import pytest

from openqwq.config.train import Sampling
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.generate.vllm_requests import Answer, Prompts, VllmRequests


class Recording(VllmRequests):
    """Draws nothing but the end token, and keeps what it was asked for."""

    def update(self, tensors):
        raise AssertionError("drawing must not touch the weights")

    def sleep(self):
        raise AssertionError("drawing must not free the engine's memory")

    def _draw(self, tokens, parameters):
        self.asked = list(zip(tokens, parameters, strict=True))
        for number in range(len(tokens)):
            yield number, [Answer([self.tokenizer.eos_token_id], [-1.0], "stop")]


@pytest.fixture
def sampler(tiny_model):
    return Recording(Prompts.load(tiny_model, 512))


def test_tokens_go_to_vllm_as_they_are(sampler, tiny_model):
    tokenizer = load_tokenizer(tiny_model)
    spelt = [token for c in "<think>" for token in tokenizer(c, add_special_tokens=False)["input_ids"]]
    sampler.sample(["<think>", spelt, tuple(spelt)], 1, Sampling(max_tokens=4), 1)
    ids = [tokens for tokens, _ in sampler.asked]
    assert ids == [tokenizer("<think>", add_special_tokens=False)["input_ids"], spelt, spelt]
    assert len(ids[0]) == 1 < len(spelt)


def test_seeds_differ_by_prompt_and_by_what_is_given(sampler):
    def seeds(prompts, seed):
        sampler.sample(prompts, 1, Sampling(max_tokens=4), seed)
        return [parameters["seed"] for _, parameters in sampler.asked]

    same = seeds([[5, 6], [5, 6], [5, 7]], 1)
    assert same[0] == same[1] != same[2]
    each = seeds([[5, 6], [5, 6], [5, 7]], [1, 2, 1])
    assert each == [same[0], each[1], same[2]]
    assert each[1] != each[0]
    with pytest.raises(ValueError, match="2 seeds for 1 prompts"):
        seeds([[5]], [1, 2])
