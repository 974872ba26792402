"""Rows that come and go in a cache, and layers packed for the processor."""

import pytest
import torch
from transformers import LlamaConfig, MistralConfig
from transformers.cache_utils import DynamicLayer

from openqwq.generate.cache import ROOM, InPlaceLayer, RowCache
from openqwq.generate.packed import PackedLinears


def states(batch, length, seed):
    return torch.randn(2, batch, 3, length, 4, generator=torch.Generator().manual_seed(seed))


def filled(kind, *parts):
    layer = kind()
    for keys, values in parts:
        layer.update(keys, values)
    return layer


def test_in_place_holds_what_concatenation_holds_beyond_its_room():
    parts = [states(2, 5, 0), *(states(2, 1, n) for n in range(1, 2 * ROOM))]
    ours, theirs = filled(InPlaceLayer, *parts), filled(DynamicLayer, *parts)
    assert torch.equal(ours.keys, theirs.keys)
    assert torch.equal(ours.values, theirs.values)
    assert ours.get_seq_length() == theirs.get_seq_length() == 5 + 2 * ROOM - 1
    assert ours.get_mask_sizes(1) == theirs.get_mask_sizes(1)


def test_a_token_is_written_without_moving_the_others():
    layer = filled(InPlaceLayer, states(2, 5, 0))
    before = layer.keys.data_ptr()
    layer.update(*states(2, 1, 1))
    assert layer.keys.data_ptr() == before


def test_rows_leave_columns_are_dropped_and_others_join_behind_zeros():
    first, second = states(3, 6, 0), states(2, 4, 1)
    layer = filled(InPlaceLayer, first)
    layer.drop(1)
    layer.batch_select_indices(torch.tensor([2, 0]))
    layer.join(filled(InPlaceLayer, second))
    assert layer.keys.shape == (4, 3, 5, 4)
    assert torch.equal(layer.keys[:2], first[0][[2, 0], :, 1:])
    assert torch.equal(layer.values[2:, :, 1:], second[1])
    assert not layer.values[2:, :, 0].any()
    layer.update(*states(4, 1, 2))
    assert torch.equal(layer.values[:, :, 5:], states(4, 1, 2)[1])
    short = filled(InPlaceLayer, second)
    short.join(filled(InPlaceLayer, first))
    assert torch.equal(short.keys[:2, :, 2:], second[0])
    assert torch.equal(short.keys[2:], first[0])


@pytest.mark.parametrize(("config", "fits"), [(LlamaConfig(), True), (MistralConfig(sliding_window=8), False)])
def test_a_window_does_not_fit(config, fits):
    assert RowCache.fits(config) == fits


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_packed_layers_give_the_same_products_and_follow_the_weights(dtype):
    if not torch.backends.mkldnn.is_available() or (dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported()):
        pytest.skip("oneDNN does not multiply in this precision on this processor")
    model = torch.nn.Sequential(torch.nn.Linear(96, 160), torch.nn.Linear(160, 64, bias=False)).to(dtype)
    x = torch.randn(16, 5, 96).to(dtype)

    def same(a, b):
        return torch.equal(a, b) if dtype == torch.bfloat16 else torch.allclose(a, b, rtol=1e-5, atol=1e-6)

    with torch.inference_mode():
        before = model(x)
        packed = PackedLinears(model, 64)
        assert len(packed.layers) == 2
        assert same(model(x), before)
        for layer in model:
            layer.weight.mul_(-1)
        assert same(model(x), before)
        packed.renew()
        after = model(x)
        plain = torch.nn.functional.linear(torch.nn.functional.linear(x, model[0].weight, model[0].bias), model[1].weight)
        assert same(after, plain)
        assert not same(after, before)


def test_layers_in_other_precisions_stay_as_they_are():
    assert PackedLinears(torch.nn.Sequential(torch.nn.Linear(8, 8)).double(), 64).layers == []
