"""Drawing tokens follows the probabilities asked for; a completion does not depend on its batch."""

import math

import numpy as np
import pytest
import torch

from openqwq.config.train import Sampling
from openqwq.errors import UserError
from openqwq.generate import open_sampler
from openqwq.generate.sampling import draw, uniforms

LOGITS = torch.log(torch.tensor([0.5, 0.3, 0.15, 0.05]))


def shares(**settings):
    n = 40_000
    uniform = torch.from_numpy(np.random.default_rng(0).random(n))
    tokens, _ = draw(LOGITS.expand(n, -1), uniform, **({"temperature": 1.0, "top_k": 0, "top_p": 1.0} | settings))
    return (torch.bincount(tokens, minlength=4) / n).tolist()


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [0.5, 0.3, 0.15, 0.05]),
        ({"temperature": 0.5}, [0.6849, 0.2466, 0.0616, 0.0068]),
        ({"top_k": 2}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.75}, [0.625, 0.375, 0, 0]),
        ({"top_p": 0.81}, [0.5263, 0.3158, 0.1579, 0]),
        ({"top_k": 3, "top_p": 0.5}, [1, 0, 0, 0]),
        ({"temperature": 0.0}, [1, 0, 0, 0]),
    ],
)
def test_tokens_come_with_the_probabilities_asked_for(settings, expected):
    assert shares(**settings) == pytest.approx(expected, abs=0.01)


def test_a_token_of_no_probability_is_never_drawn():
    logits = torch.tensor([[-math.inf, 0.0, -math.inf]])
    for uniform in (0.0, 0.5, 1 - 2**-53):
        assert draw(logits, torch.tensor([uniform]), temperature=1.0, top_k=0, top_p=1.0)[0].item() == 1


def test_noise_belongs_to_seed_prompt_and_sample():
    assert (uniforms(1, "a", 0, 8) == uniforms(1, "a", 0, 8)).all()
    assert (uniforms(1, "a", 0, 8)[:4] == uniforms(1, "a", 0, 4)).all()
    for other in (uniforms(2, "a", 0, 8), uniforms(1, "b", 0, 8), uniforms(1, "a", 1, 8)):
        assert (uniforms(1, "a", 0, 8) != other).all()


@pytest.fixture(scope="module")
def sampler(tiny_model):
    with open_sampler("transformers", tiny_model, 8, "float32") as opened:
        yield opened


def prompts(sampler, count):
    return [sampler.render([{"role": "user", "content": "x" * (i * 3) + "?"}], None) for i in range(count)]


def test_a_completion_does_not_depend_on_its_batch(sampler):
    sampling = Sampling(temperature=1.0, max_tokens=24)
    texts = prompts(sampler, 5)
    seen = []
    together = sampler.sample(texts, 3, sampling, 7, lambda done, total: seen.append((done, total)))
    assert [len(row) for row in together] == [3] * 5
    assert seen[-1] == (15, 15)
    alone = [sampler.sample([text], 3, sampling, 7)[0] for text in texts]
    assert [[s.token_ids for s in row] for row in together] == [[s.token_ids for s in row] for row in alone]
    assert sampler.sample(texts, 3, sampling, 8) != together


def test_a_prompt_is_handed_over_once_with_all_its_completions_before_later_ones_are_drawn(sampler):
    texts = prompts(sampler, 5)
    handed, drawn = {}, []

    def on_prompt(index, samples):
        assert index not in handed
        handed[index] = (samples, drawn[-1][0] if drawn else 0)

    sampling = Sampling(temperature=1.0, max_tokens=24)
    together = sampler.sample(texts, 3, sampling, 7, lambda *done: drawn.append(done), on_prompt)
    assert [handed[index][0] for index in range(5)] == together
    drawn_before = [at for _, at in handed.values()]
    assert drawn_before == sorted(drawn_before)
    assert drawn_before[0] < 8  # a prompt is handed over while most are still being drawn


def test_greedy_equals_the_models_own_generate(sampler):
    text = prompts(sampler, 3)[2]
    ours = sampler.sample([text], 1, Sampling(temperature=0.0, max_tokens=16), 1)[0][0]
    ids = sampler.tokenizer(text, add_special_tokens=False, return_tensors="pt")
    theirs = sampler.model.generate(**ids, do_sample=False, max_new_tokens=16)[0, ids["input_ids"].shape[1] :].tolist()
    assert ours.token_ids == theirs


def test_the_end_is_told_from_the_limit(sampler):
    sampling = Sampling(temperature=1.0, max_tokens=40)
    samples = [s for row in sampler.sample(prompts(sampler, 6), 8, sampling, 3) for s in row]
    end = sampler.tokenizer.eos_token_id
    for sample in samples:
        assert (sample.token_ids[-1] == end) == (sample.finish_reason == "stop")
        assert end not in sample.token_ids[:-1]
        assert len(sample.token_ids) <= 40
        assert "<|im_end|>" not in sample.text
    assert {s.finish_reason for s in samples} == {"stop", "length"}


def test_new_weights_give_new_completions(tiny_model):
    sampling = Sampling(temperature=1.0, max_tokens=16)
    with open_sampler("transformers", tiny_model, 8, "float32") as sampler:
        texts = prompts(sampler, 2)
        before = sampler.sample(texts, 2, sampling, 1)
        weights = {name: tensor.clone() for name, tensor in sampler.model.state_dict().items()}
        sampler.update((name, torch.randn_like(tensor)) for name, tensor in weights.items())
        assert sampler.sample(texts, 2, sampling, 1) != before
        sampler.update(weights.items())
        assert sampler.sample(texts, 2, sampling, 1) == before


def test_a_prompt_beyond_the_context_is_named(sampler):
    with pytest.raises(UserError, match="exceed the model's context of 512"):
        sampler.sample(["a" * 500], 1, Sampling(max_tokens=20), 1)


@pytest.mark.parametrize(("engine", "named"), [("vllm", "vllm is not installed"), ("other", "unknown engine 'other'")])
def test_an_engine_that_is_not_there_is_named(tiny_model, engine, named):
    if engine == "vllm":
        pytest.importorskip("torch")
        import importlib.util

        if importlib.util.find_spec("vllm"):
            pytest.skip("vLLM is installed here")
    with pytest.raises(UserError, match=named), open_sampler(engine, tiny_model, 8):
        pass
