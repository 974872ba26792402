"""What vLLM draws: ends and limits, log-probabilities beside transformers', the same seed again."""

import math

import pytest
import torch
from vllm_reference import plain_logprobs, prompts_of

from openqwq.config.train import Sampling
from openqwq.errors import UserError
from openqwq.generate import open_sampler

WARM = Sampling(temperature=1.0, max_tokens=48)


def test_the_end_is_told_from_the_limit(sampler):
    end = sampler.tokenizer.eos_token_id
    seen, handed = [], {}
    rows = sampler.sample(prompts_of(sampler), 4, WARM, 1, lambda done, total: seen.append((done, total)), handed.__setitem__)
    assert [len(row) for row in rows] == [4] * 6
    assert seen == [(4 * n, 24) for n in range(1, 7)]
    assert [handed[index] for index in range(6)] == rows
    samples = [sample for row in rows for sample in row]
    for sample in samples:
        assert (sample.token_ids[-1] == end) == (sample.finish_reason == "stop")
        assert end not in sample.token_ids[:-1]
        assert len(sample.token_ids) == 48 if sample.finish_reason == "length" else len(sample.token_ids) <= 48
        assert "<|im_end|>" not in sample.text
        assert sample.text == sampler.tokenizer.decode([i for i in sample.token_ids if i != end])
    assert {sample.finish_reason for sample in samples} == {"stop", "length"}
    assert len({sample.text for sample in rows[1]}) > 1  # samples of one prompt differ


def test_a_prompt_may_be_tokens_with_a_seed_of_its_own(sampler):
    texts = prompts_of(sampler)[:3]
    ids = [sampler.tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    greedy = Sampling(temperature=0.0, max_tokens=24)
    told = [[row[0].token_ids for row in sampler.sample(prompts, 1, greedy, 1)] for prompts in (texts, ids)]
    assert told[0] == told[1]
    one, other = sampler.sample([ids[0], ids[0]], 1, WARM, [1, 2])
    assert one[0].token_ids != other[0].token_ids
    assert sampler.sample([ids[0]], 1, WARM, 2)[0][0].token_ids == other[0].token_ids


def test_each_prompt_may_have_a_number_of_samples(sampler):
    prompts, seen = prompts_of(sampler)[:3], []
    rows = sampler.sample(prompts, [3, 1, 2], WARM, 1, lambda done, total: seen.append((done, total)))
    assert [len(row) for row in rows] == [3, 1, 2]
    assert seen[-1] == (6, 6)
    assert rows[2] == sampler.sample(prompts[2:], 2, WARM, 1)[0]


def test_a_completion_belongs_to_its_seed_and_prompt(sampler):
    prompts = prompts_of(sampler)
    first = sampler.sample(prompts, 2, WARM, 7)
    assert sampler.sample(prompts, 2, WARM, 7) == first
    assert sampler.sample(prompts, 2, WARM, 8) != first


def test_greedy_is_the_most_likely_token(sampler, checkpoint):
    prompts = prompts_of(sampler)
    greedy = Sampling(temperature=0.0, max_tokens=16)
    with open_sampler("transformers", checkpoint, 8, "float32") as other:
        theirs = [row[0].token_ids for row in other.sample(prompts, 1, greedy, 1)]
    ours = sampler.sample(prompts, 1, greedy, 1)
    assert [row[0].token_ids for row in ours] == theirs
    assert all(row[0].logprobs == [] for row in ours)


@pytest.mark.parametrize("temperature", [1.0, 0.7])
def test_logprobs_are_those_of_transformers_in_float32(sampler, checkpoint, temperature):
    mean, most = differences(sampler, checkpoint, temperature)
    print(f"\nfloat32, temperature {temperature}: |vLLM − transformers| mean {mean:.2e}, max {most:.2e}")
    assert most < 5e-4  # a wrong temperature or a cut vocabulary moves it by tenths


def test_logprobs_where_the_distribution_is_cut_are_none(sampler):
    for cut in ({"top_p": 0.9}, {"top_k": 20}):
        rows = sampler.sample(prompts_of(sampler), 1, Sampling(temperature=1.0, max_tokens=8, **cut), 1)
        assert all(sample.logprobs == [] for row in rows for sample in row)


def test_a_prompt_beyond_the_context_is_the_users_error(sampler):
    with pytest.raises(UserError, match="exceed the model's context of 1024"):
        sampler.sample(["word " * 1020], 1, WARM, 1)


def test_logprobs_in_bfloat16_and_an_engine_after_another(checkpoint, small):
    with open_sampler("vllm", checkpoint, 32, "bfloat16", small) as rough:
        mean, most = differences(rough, checkpoint, 1.0)
    print(f"\nbfloat16: |vLLM − transformers in float32| mean {mean:.2e}, max {most:.2e}")
    assert 1e-4 < mean < 0.1  # 1e-4: it did compute in bfloat16
    assert most < 1.0


def differences(sampler, checkpoint, temperature):
    """Mean and largest difference of the log-probabilities, nats a token."""
    prompts = prompts_of(sampler)
    rows = sampler.sample(prompts, 4, Sampling(temperature=temperature, max_tokens=48), 3)
    tokens = [sampler.tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
    ids = [(prompt, sample) for prompt, row in zip(tokens, rows, strict=True) for sample in row]
    assert all(len(s.logprobs) == len(s.token_ids) and all(map(math.isfinite, s.logprobs)) for _, s in ids)
    plain = plain_logprobs(checkpoint, [p for p, _ in ids], [s.token_ids for _, s in ids], temperature)
    apart = torch.cat([(torch.tensor(s.logprobs) - expected).abs() for (_, s), expected in zip(ids, plain, strict=True)])
    assert len(apart) > 200
    return apart.mean().item(), apart.max().item()
