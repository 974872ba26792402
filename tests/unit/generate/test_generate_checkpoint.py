"""Checkpoint folders that are whole load; others end with a line that names the file."""

import shutil

import pytest

from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_model, load_tokenizer, require_checkpoint


@pytest.fixture
def folder(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "model")


def test_a_whole_one_loads(folder):
    require_checkpoint(folder)
    assert load_model(folder, "float32", "cpu").num_parameters() > 0
    assert load_tokenizer(folder).padding_side == "left"


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: data[:100] + b"x" * 50 + data[150:],  # in the header
        lambda data: b"torn",
    ],
    ids=["cut", "empty", "header", "other"],
)
@pytest.mark.parametrize("load", [require_checkpoint, lambda folder: load_model(folder, "float32", "cpu"), load_tokenizer])
def test_damaged_weights_are_named(folder, harm, load):
    file = folder / "model.safetensors"
    file.write_bytes(harm(file.read_bytes()))
    with pytest.raises(UserError, match=r"model\.safetensors: damaged .*Rerun the stage that made it"):
        load(folder)


@pytest.mark.parametrize(("missing", "said"), [("config.json", "no config.json"), ("model.safetensors", "no weights")])
def test_what_is_missing_is_named(folder, missing, said):
    (folder / missing).unlink()
    with pytest.raises(UserError, match=said):
        require_checkpoint(folder)
