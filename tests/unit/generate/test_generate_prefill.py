"""Prompts that begin alike are read in two passes: the cache and the logits are those of one pass, of fewer tokens."""

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

from openqwq.generate.cache import RowCache
from openqwq.generate.prefill import beginnings, padded, read, read_prompts

SIZES = {"num_attention_heads": 6, "num_key_value_heads": 2, "num_hidden_layers": 2, "hidden_size": 48, "intermediate_size": 64}
TASK, OTHER = tuple(range(10, 30)), tuple(range(40, 49))


def alike():
    return [(*TASK, 1, 2, 3), (*TASK, 1, 5), (*OTHER, 7, 8, 9), (*TASK, 6), (*OTHER, 4), (3, 2), (5,)]


@pytest.fixture(params=[(LlamaForCausalLM, LlamaConfig), (Qwen3ForCausalLM, Qwen3Config)], ids=["llama", "qwen3"])
def model(request):
    kind, config = request.param
    torch.manual_seed(3)
    return kind(config(vocab_size=64, **SIZES)).eval()


@pytest.fixture
def passes(model):
    """The shapes (rows, tokens) of what the model has read."""
    seen = []
    model.register_forward_pre_hook(lambda _, __, options: seen.append(tuple(options["input_ids"].shape)), with_kwargs=True)
    return seen


def in_one_pass(model, prompts):
    cache = RowCache(model.config)
    ids, mask = padded(prompts, 0, "cpu")
    return cache, mask, read(model, ids, mask, cache)


def shared(model, prompts):
    cache = RowCache(model.config)
    return cache, *read_prompts(model, 0, prompts, cache)


@torch.inference_mode()
def test_cache_mask_and_logits_are_those_of_one_pass(model, passes):
    cache, mask, logits = shared(model, alike())
    assert len(passes) == 2
    theirs, same_mask, same_logits = in_one_pass(model, alike())
    assert torch.equal(mask, same_mask)
    assert torch.allclose(logits, same_logits, atol=1e-5)
    shown = mask.bool()
    for mine, other in zip(cache.layers, theirs.layers, strict=True):
        for states, expected in ((mine.keys, other.keys), (mine.values, other.values)):
            assert torch.allclose(states.transpose(1, 2)[shown], expected.transpose(1, 2)[shown], atol=1e-5)
            assert states.isfinite().all()


@torch.inference_mode()
def test_what_is_read_next_sees_the_same_cache(model, passes):
    token = torch.tensor([[one] for one in range(len(alike()))])
    after = []
    for cache, mask, _ in (shared(model, alike()), in_one_pass(model, alike())):
        after.append(read(model, token, torch.nn.functional.pad(mask, (0, 1), value=1), cache))
    assert [shape[1] for shape in passes[:2]] == [20, 3]
    assert torch.allclose(*after, atol=1e-5)


@torch.inference_mode()
def test_tokens_in_common_are_read_once(model, passes):
    shared(model, [(*TASK, 1), (*TASK, 2), (*TASK, 3)])
    assert passes == [(1, 20), (3, 1)]


@torch.inference_mode()
@pytest.mark.parametrize("prompts", [[(1, 2, 3), (4, 5, 6)], [(1, 2, 3, 4), (1, 5, 6, 7)], [TASK], [TASK, (*OTHER, 1)]])
def test_prompts_with_little_in_common_are_read_at_once(model, passes, prompts):
    shared(model, prompts)
    assert len(passes) == 1


@torch.inference_mode()
def test_a_model_whose_keys_depend_on_their_column_reads_in_one_pass(passes, model):
    model.config.rope_parameters = model.config.rope_parameters | {
        "rope_type": "dynamic"
    }  # frequencies follow the longest position
    read_prompts(model, 0, [(*TASK, 1), (*TASK, 2), (*TASK, 3)], RowCache(model.config))
    assert passes == [(3, 21)]


def test_a_prompt_that_shares_less_does_not_take_the_beginning_of_many_away():
    long = [(*TASK, *TASK, i) for i in range(4)]
    assert beginnings([*long, (*TASK, 5)]) == [(*TASK, *TASK)] * 4 + [TASK]


def test_a_beginning_is_half_of_each_prompt_of_its_group_and_never_the_whole():
    found = beginnings(alike())
    assert found[0] == found[1] == found[3] == TASK
    assert found[2] == found[4] == OTHER
    assert found[5:] == [(3,), ()]
    assert beginnings([TASK, (*TASK, 1)]) == [TASK[:-1], TASK[:-1]]
    assert beginnings([(*OTHER, 1), (*OTHER, *range(20))]) == [OTHER, (*OTHER, *range(19))]
