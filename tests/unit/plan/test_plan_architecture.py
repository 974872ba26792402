"""A model's shape: parameters against model cards and against transformers' own count."""

import json

import pytest

from openqwq.config.model import FolderModel, HubModel, PackageModel, RandomModel
from openqwq.plan import models
from openqwq.plan.architecture import from_config

# Billions, from the model cards.
CARDS = {
    "Qwen/Qwen2.5-0.5B": 0.49,
    "Qwen/Qwen2.5-1.5B": 1.54,
    "Qwen/Qwen2.5-3B": 3.09,
    "Qwen/Qwen2.5-7B": 7.61,
    "Qwen/Qwen2.5-14B": 14.7,
    "Qwen/Qwen2.5-32B": 32.5,
    "Qwen/Qwen2.5-72B": 72.7,
    "Qwen/QwQ-32B": 32.5,
    "Qwen/Qwen3-0.6B": 0.6,
    "Qwen/Qwen3-1.7B": 1.7,
    "Qwen/Qwen3-4B": 4.0,
    "Qwen/Qwen3-8B": 8.2,
    "Qwen/Qwen3-14B": 14.8,
    "Qwen/Qwen3-32B": 32.8,
    "Qwen/Qwen3-30B-A3B": 30.5,
    "Qwen/Qwen3-235B-A22B": 235,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": 1.78,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B": 7.62,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-14B": 14.8,
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-32B": 32.8,
    "deepseek-ai/DeepSeek-V3": 671,
    "meta-llama/Llama-3.1-8B": 8.03,
    "HuggingFaceTB/SmolLM2-135M": 0.135,
    "HuggingFaceTB/SmolLM2-360M": 0.362,
    "HuggingFaceTB/SmolLM2-1.7B": 1.71,
}
OF_A_TOKEN = {"Qwen/Qwen3-30B-A3B": 3.3, "Qwen/Qwen3-235B-A22B": 22, "deepseek-ai/DeepSeek-V3": 37}


def test_every_known_model_has_its_card_here():
    assert sorted(CARDS) == models.known()


@pytest.mark.parametrize("name", CARDS)
def test_parameters_are_those_of_the_model_card(name):
    assert models.by_id(name).parameters / 1e9 == pytest.approx(CARDS[name], rel=0.02)


@pytest.mark.parametrize("name", OF_A_TOKEN)
def test_a_token_of_a_mixture_meets_a_part_of_it(name):
    model = models.by_id(name)
    assert (model.multiplied + model.embedding_parameters) / 1e9 == pytest.approx(OF_A_TOKEN[name], rel=0.05)
    assert model.multiplied < model.read_parameters(8) < model.read_parameters(512) <= model.parameters
    assert model.read_parameters(1) == pytest.approx(model.multiplied)


def test_variants_share_a_shape_and_a_stranger_has_none():
    base, instruct = models.by_id("Qwen/Qwen2.5-7B"), models.by_id("Qwen/Qwen2.5-7B-Instruct")
    assert (base.layers, base.parameters) == (instruct.layers, instruct.parameters)
    assert models.by_id("Qwen/Qwen2.5-7B-Chat-By-Somebody") is None


def test_where_a_shape_comes_from(tmp_path):
    hub = HubModel(type="hub", id="Qwen/Qwen2.5-1.5B", revision="0" * 40)
    assert models.of(hub).parameters == models.by_id("Qwen/Qwen2.5-1.5B").parameters
    assert models.of(PackageModel(type="package")).name == "HuggingFaceTB/SmolLM2-135M"
    (tmp_path / "config.json").write_text(
        '{"num_hidden_layers": 3, "hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 100}'
    )
    model = models.of(FolderModel(type="folder", path=str(tmp_path)))
    assert (model.layers, model.kv_heads, model.head_dim) == (3, 4, 16)
    (tmp_path / "config.json").write_text('{"n_layer": 3, "n_embd": 64}')
    assert models.of(FolderModel(type="folder", path=str(tmp_path))) is None
    assert models.of(FolderModel(type="folder", path=str(tmp_path / "none"))) is None


@pytest.mark.parametrize(
    "change",
    [{"num_attention_heads": 0}, {"hidden_size": "896"}, {"num_hidden_layers": -1}, {"vocab_size": 1.5}],
)
def test_a_config_json_with_sizes_that_are_none_is_no_model_that_is_known(tmp_path, change):
    shape = {"num_hidden_layers": 3, "hidden_size": 64, "num_attention_heads": 4, "intermediate_size": 128, "vocab_size": 100}
    (tmp_path / "config.json").write_text(json.dumps(shape | change))
    assert models.of(FolderModel(type="folder", path=str(tmp_path))) is None


def test_random_weights_are_counted_as_they_are_made():
    from openqwq.model.sources import random_model

    source = RandomModel(type="random", hidden_size=64, layers=3, heads=4, intermediate_size=96)
    real, _ = random_model(source, 1)
    assert models.of(source).parameters == pytest.approx(sum(p.numel() for p in real.parameters()), rel=0.01)


@pytest.mark.parametrize("autocast", [True, False])
def test_what_a_layer_keeps_for_its_backward_pass_is_what_torch_keeps(autocast):
    """Bytes of the tensors that autograd saves, without weights and their copies, between one layer and three."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = {"hidden_size": 192, "num_attention_heads": 6, "num_key_value_heads": 2, "intermediate_size": 512, "vocab_size": 64}
    rows, length = 4, 96

    def saved(layers):
        model = LlamaForCausalLM(LlamaConfig(num_hidden_layers=layers, attn_implementation="sdpa", **shape))
        own = {p.data_ptr() for p in model.parameters()}
        kept = {}

        def pack(tensor):
            if tensor.data_ptr() not in own and tensor.numel() % (rows * length) == 0:
                kept[tensor.untyped_storage().data_ptr()] = tensor  # held, or its address would be used again
            return tensor

        ids = torch.randint(0, 64, (rows, length))
        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t), torch.autocast("cpu", torch.bfloat16, autocast):
            model(input_ids=ids, use_cache=False)
        return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())

    model = from_config({"num_hidden_layers": 1, **shape}, "x")
    copies = 2 * model.layer_parameters(0) if autocast else 0  # of weights, in bfloat16
    per_token = ((saved(3) - saved(1)) / 2 - copies) / (rows * length)
    assert model.kept_bytes("autocast" if autocast else "float32") == pytest.approx(per_token, rel=0.1)
