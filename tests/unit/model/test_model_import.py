"""The base model arrives in one form from wherever it comes, and what cannot be loaded is named."""

import json
import shutil
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from openqwq.artifacts.manifest import read_manifest
from openqwq.config.model import BaseModelSource
from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.model.import_model import run
from openqwq.stage import Stage


def fetch(source, tmp_path) -> Path:
    parsed = TypeAdapter(BaseModelSource).validate_python(source)
    stage = Stage("import_model", config=source, inputs={}, state_root=tmp_path / ".state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, parsed, tmp_path / "out")
    return tmp_path / "out"


def test_a_folder_gets_our_template_and_end_token(tiny_model, tmp_path):
    given = tmp_path / "given"
    shutil.copytree(tiny_model, given)
    (given / "chat_template.jinja").write_text("{{ messages }}")
    config = json.loads((given / "config.json").read_text())
    (given / "config.json").write_text(json.dumps(config | {"eos_token_id": 5}))  # a base model's end of document
    out = fetch({"type": "folder", "path": str(given)}, tmp_path)
    tokenizer, model = load_tokenizer(out), load_model(out, "float32")
    end = tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert tokenizer.eos_token_id == model.config.eos_token_id == model.generation_config.eos_token_id == end
    assert "<think>" in tokenizer.chat_template
    assert "model.safetensors" in read_manifest(out)["outputs"]


def test_random_weights_follow_the_seed_alone(tiny_model, tmp_path):
    source = {"type": "random", "hidden_size": 32, "layers": 2, "heads": 2, "intermediate_size": 64, "max_length": 512}
    outputs = read_manifest(fetch(source, tmp_path))["outputs"]
    assert outputs["model.safetensors"]["sha256"] == read_manifest(tiny_model)["outputs"]["model.safetensors"]["sha256"]


def spoiled(tiny_model, tmp_path, how):
    folder = tmp_path / "given"
    shutil.copytree(tiny_model, folder)
    how(folder)
    return {"type": "folder", "path": str(folder)}


@pytest.mark.parametrize(
    ("how", "named"),
    [
        (lambda f: (f / "model.safetensors").unlink(), r"no weights \(\*\.safetensors\)"),
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "convert the model to safetensors"),
        (lambda f: (f / "config.json").unlink(), r"no config\.json"),
        (lambda f: (f / "model.safetensors").write_bytes(b"torn"), "model.safetensors: damaged"),
        (shutil.rmtree, "no such model folder"),
    ],
)
def test_a_folder_that_is_no_model_is_named_and_publishes_nothing(tiny_model, tmp_path, how, named):
    with pytest.raises(UserError, match=named):
        fetch(spoiled(tiny_model, tmp_path, how), tmp_path)
    assert not (tmp_path / "out").exists()


def test_a_tokenizer_without_chatml_is_refused(tiny_model, tmp_path):
    def rename(folder):
        for name in ("tokenizer.json", "tokenizer_config.json"):
            text = (folder / name).read_text()
            (folder / name).write_text(text.replace("<|im_start|>", "<|other|>"))

    with pytest.raises(UserError, match=r"no <\|im_start\|>"):
        fetch(spoiled(tiny_model, tmp_path, rename), tmp_path)


def test_a_package_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match="'no-such-model' is not installed"):
        fetch({"type": "package", "package": "no-such-model"}, tmp_path)


def test_a_hub_without_network_is_one_paragraph(tmp_path, monkeypatch):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="could not be had from the hub") as error:
        fetch({"type": "hub", "id": "nobody/nothing", "revision": "0" * 40}, tmp_path)
    assert "\n" not in str(error.value)
