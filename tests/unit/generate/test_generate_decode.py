"""The decoding loop on several architectures: tokens of the model's own `generate`, figures of a plain forward pass."""

import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from openqwq.config.train import Sampling
from openqwq.errors import StageFailure
from openqwq.generate.attention import NAME
from openqwq.generate.cache import RowCache
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.generate.transformers_engine import TransformersSampler

GROUPED = {"num_attention_heads": 6, "num_key_value_heads": 2, "num_hidden_layers": 2, "hidden_size": 48, "intermediate_size": 64}
MODELS = {
    "llama": (LlamaForCausalLM, LlamaConfig, {}),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config, {}),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config, {"head_dim": 16}),
    "window": (MistralForCausalLM, MistralConfig, {"sliding_window": 12}),  # forgets keys: rows cannot join it
    "eager": (LlamaForCausalLM, LlamaConfig, {"attn_implementation": "eager"}),
}


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    return load_tokenizer(tiny_model)


@pytest.fixture(params=MODELS)
def sampler(request, tokenizer):
    kind, config, settings = MODELS[request.param]
    torch.manual_seed(5)
    model = kind(config(vocab_size=len(tokenizer), eos_token_id=tokenizer.eos_token_id, **GROUPED, **settings)).eval()
    with torch.no_grad():  # logits far apart, and an end that comes now and then
        model.lm_head.weight.mul_(20)
    return TransformersSampler(model, tokenizer, 4)


def texts(count=6):
    return ["ab" * (3 * i % 7) + f"what is {i}?" for i in range(count)]


def ids_of(sampler, text):
    return sampler.tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"]


def test_greedy_tokens_are_those_of_generate_whoever_shares_the_batch(sampler):
    drawn = sampler.sample(texts(), 2, Sampling(temperature=0.0, max_tokens=20), 1)
    for text, (one, other) in zip(texts(), drawn, strict=True):
        ids = ids_of(sampler, text)
        theirs = sampler.model.generate(ids, do_sample=False, max_new_tokens=20)[0, ids.size(1) :].tolist()
        assert one.token_ids == other.token_ids == theirs


def test_prompts_with_a_long_beginning_in_common_draw_what_each_draws_alone(sampler):
    """They are read in two passes, also those that join others later, where the model's cache allows it."""
    begin = "one two three four five six seven eight "
    asked = [begin + text for text in texts(9)]
    read = []
    sampler.model.register_forward_pre_hook(lambda _, __, options: read.append(options["input_ids"].numel()), with_kwargs=True)
    drawn = sampler.sample(asked, 1, Sampling(temperature=0.0, max_tokens=12), 1)
    assert (sum(n for n in read if n > 4) < sum(ids_of(sampler, text).numel() for text in asked)) == RowCache.fits(
        sampler.model.config
    )
    for text, (one,) in zip(asked, drawn, strict=True):
        ids = ids_of(sampler, text)
        theirs = sampler.model.generate(ids, do_sample=False, max_new_tokens=12)[0, ids.size(1) :].tolist()
        assert one.token_ids == theirs


def test_log_probabilities_are_those_of_a_plain_forward_pass(sampler):
    temperature = 1.5
    drawn = sampler.sample(texts(), 3, Sampling(temperature=temperature, top_k=30, max_tokens=20), 1)
    lengths = {len(sample.token_ids) for row in drawn for sample in row}
    assert len(lengths) > 3  # rows end at different ages, so others have joined
    sampler.model.set_attn_implementation("eager")
    for text, row in zip(texts(), drawn, strict=True):
        for sample in row:
            prompt = ids_of(sampler, text)
            with torch.no_grad():
                logits = sampler.model(torch.cat([prompt, torch.tensor([sample.token_ids])], dim=1)).logits[0]
            figures = torch.log_softmax(logits[prompt.size(1) - 1 : -1] / temperature, dim=-1)
            expected = figures.gather(1, torch.tensor(sample.token_ids).unsqueeze(1)).squeeze(1)
            assert torch.allclose(torch.tensor(sample.logprobs), expected, atol=1e-4)


def test_only_models_that_fit_take_the_short_way(sampler, request):
    name = request.node.callspec.params["sampler"]
    assert (sampler.model.config._attn_implementation == NAME) == (name != "eager")


def test_every_prompt_is_handed_over_once_and_early(sampler):
    handed, drawn = {}, []

    def on_prompt(index, samples):
        assert index not in handed
        handed[index] = (samples, len(drawn))

    answers = sampler.sample(texts(), 3, Sampling(max_tokens=20), 7, lambda *done: drawn.append(done), on_prompt)
    assert [handed[index][0] for index in range(6)] == answers
    assert drawn == [(count, 18) for count in range(1, 19)]
    assert min(at for _, at in handed.values()) < 9


def test_a_completion_depends_on_no_neighbour(sampler):
    sampling = Sampling(max_tokens=20)
    together = sampler.sample(texts(), 3, sampling, 2)
    for number, text in enumerate(texts()):
        alone = sampler.sample([text], 3, sampling, 2)[0]
        assert [s.token_ids for s in alone] == [s.token_ids for s in together[number]]
        for one, other in zip(alone, together[number], strict=True):
            assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


def test_a_model_whose_logits_are_no_numbers_draws_nothing(sampler):
    sampler.update([("lm_head.weight", torch.full_like(sampler.model.lm_head.weight, float("nan")))])
    with pytest.raises(StageFailure, match="logits are no finite numbers"):
        sampler.sample(texts(), 2, Sampling(temperature=1.0, max_tokens=5), 1)
