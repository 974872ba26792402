"""Models whose attention does not follow packed rows: the trainer's gradient is that of separate sequences all the same."""

import shutil

import pytest
import torch
from test_train_losses import dapo
from train_step_helpers import batch_of_rollouts, configured, furthest, gradient_of, logprobs_under, train_on
from transformers import AutoConfig, FalconConfig, JambaConfig, LlamaConfig, MambaConfig, MistralConfig, Qwen3Config
from transformers import AutoModelForCausalLM as Auto

from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.train.attention import shareable

SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
WINDOW = 6  # shorter than a prompt
MIXED = {"sliding_window": WINDOW, "use_sliding_window": True, "layer_types": ["full_attention", "sliding_attention"]}


def made(tiny_model, folder, config):
    """A random model of this configuration with the tiny model's tokenizer."""
    own = AutoConfig.from_pretrained(tiny_model)
    for key in ("vocab_size", "pad_token_id", "bos_token_id", "eos_token_id"):
        setattr(config, key, getattr(own, key))
    torch.manual_seed(0)
    shutil.copytree(tiny_model, folder)
    Auto.from_config(config).save_pretrained(folder)
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_a_sliding_window_gives_the_gradient_of_separate_sequences(tiny_model, tmp_path, packed):
    window = 512 if packed else WINDOW
    config = MistralConfig(**SMALL, num_key_value_heads=2, sliding_window=window)
    folder = made(tiny_model, tmp_path / "windowed", config)
    if packed:  # the same weights without a window are packed, and right
        config.sliding_window = None
        config.save_pretrained(folder)
    groups = batch_of_rollouts()
    watch = train_on(folder, tmp_path, configured(), [groups])
    rollouts = [rollout for group in groups for rollout in group]
    model = load_model(folder, "float32")
    assert shareable(model) is packed
    logps = logprobs_under(model, load_tokenizer(folder), rollouts)
    old, ones = [row.detach() for row in logps], [torch.ones_like(row) for row in logps]
    plain = gradient_of(model, dapo(logps, old, ones, [rollout.advantage for rollout in rollouts]))
    difference, largest = furthest(plain, watch.gradients[0])
    assert difference < 1e-4 * largest


KINDS = {
    "llama": (LlamaConfig(**SMALL), True),
    "qwen3": (Qwen3Config(**SMALL, head_dim=16, use_sliding_window=False), True),
    "some layers windowed": (Qwen3Config(**SMALL, head_dim=16, **MIXED), False),
    "falcon, positions by id": (FalconConfig(vocab_size=64, **SMALL, alibi=False), True),
    "falcon, positions by bias": (FalconConfig(vocab_size=64, **SMALL, alibi=True), False),
    "recurrent": (MambaConfig(vocab_size=64, hidden_size=32, num_hidden_layers=2), False),
    "partly recurrent": (
        JambaConfig(vocab_size=64, **SMALL, num_key_value_heads=2, num_experts=2, attn_layer_period=2, attn_layer_offset=1,
                    use_mamba_kernels=False),
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_only_models_that_see_what_the_mask_shows_are_packed(kind):
    config, packed = KINDS[kind]
    assert shareable(Auto.from_config(config)) is packed
