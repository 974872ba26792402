"""A base with dropout in its configuration is trained without: the same inputs give the same figures in training mode."""

import json
import shutil

import pytest
import torch
from transformers import AutoModelForCausalLM, GPT2Config

from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.train.dropout import without_dropout
from openqwq.train.reward_model import with_score_head
from openqwq.train.sharded_trainer import master_weights

IDS = torch.arange(5, 25).unsqueeze(0)


@pytest.fixture(params=["llama", "gpt2"])
def dropping(request, tiny_model, tmp_path):
    """The tiny model with dropout in its attention, and one whose dropout is in layers of torch's class."""
    folder = tmp_path / "base"
    shutil.copytree(tiny_model, folder)
    written = json.loads((folder / "config.json").read_text())
    if request.param == "llama":
        (folder / "config.json").write_text(json.dumps(written | {"attention_dropout": 0.5}))
    else:
        tokens = {key: written[key] for key in ("vocab_size", "pad_token_id", "bos_token_id", "eos_token_id")}
        config = GPT2Config(
            n_embd=32, n_layer=2, n_head=2, n_positions=64, resid_pdrop=0.5, attn_pdrop=0.5, embd_pdrop=0.5, **tokens
        )
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def differs(model):
    model.train()
    with torch.no_grad():
        first, second = (model(input_ids=IDS).logits for _ in range(2))
    return not torch.equal(first, second)


def test_no_training_stage_drops_anything(dropping):
    assert differs(load_model(dropping, "float32")), "as it stands, it does"
    assert not differs(master_weights(dropping))
    model = with_score_head(dropping, 1, load_tokenizer(dropping))
    assert not differs(model)
    assert model.config.num_labels == 1


def test_nothing_else_of_the_configuration_changes(tiny_model):
    own, changed = load_model(tiny_model, "float32").config.to_dict(), without_dropout(tiny_model).to_dict()
    left_out = {"dtype", "_name_or_path"}
    assert {k: v for k, v in own.items() if k not in left_out} == {k: v for k, v in changed.items() if k not in left_out}
