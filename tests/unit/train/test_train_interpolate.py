"""Published weights between a stage's first and its last: tensor by tensor, from any layout of the first; or an error."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from openqwq.artifacts.manifest import write_manifest
from openqwq.errors import StageFailure
from openqwq.train.interpolate import interpolate

LAST = {"a": torch.tensor([4.0, 8.0]), "b": torch.tensor([[1.0]])}


def checkpoint(folder, tensors):
    folder.mkdir()
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return folder


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_weights_lie_between_the_first_and_the_last(tmp_path, kind):
    first = checkpoint(tmp_path / "first", {"a": torch.tensor([0.0, 4.0], dtype=kind), "b": torch.tensor([[3.0]], dtype=kind)})
    last = checkpoint(tmp_path / "last", LAST)
    interpolate(last, first, 0.25)
    moved = load_file(last / "model.safetensors")
    assert moved["a"].tolist() == [1.0, 5.0]
    assert moved["b"].tolist() == [[2.5]]
    assert moved["a"].dtype == torch.float32, "as the stage publishes it, whatever it began with"
    assert [path.name for path in last.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("split", ["first", "last"])
def test_tensors_are_found_in_whichever_files_each_side_keeps_them(tiny_model, tmp_path, split):
    model = AutoModelForCausalLM.from_pretrained(tiny_model)
    sizes = {split: "20KB"}
    model.save_pretrained(tmp_path / "first", max_shard_size=sizes.get("first", "1GB"))
    with torch.no_grad():
        for weights in model.parameters():
            weights += 1
    model.save_pretrained(tmp_path / "last", max_shard_size=sizes.get("last", "1GB"))
    assert len(list((tmp_path / split).glob("*.safetensors"))) > 1
    interpolate(tmp_path / "last", tmp_path / "first", 0.5)
    moved = AutoModelForCausalLM.from_pretrained(tmp_path / "last").state_dict()
    for name, weights in AutoModelForCausalLM.from_pretrained(tiny_model).state_dict().items():
        torch.testing.assert_close(moved[name], weights + 0.5)


@pytest.mark.parametrize(
    ("first", "named"),
    [
        ({"a": torch.zeros(2)}, "first has no tensor b"),
        ({"a": torch.zeros(3), "b": torch.zeros(1, 1)}, r"tensor a of .*first is \[3\], what was trained \[2\]"),
    ],
)
def test_another_model_is_an_error_and_leaves_the_file_as_it_was(tmp_path, first, named):
    last = checkpoint(tmp_path / "last", LAST)
    before = (last / "model.safetensors").read_bytes()
    with pytest.raises(StageFailure, match=named):
        interpolate(last, checkpoint(tmp_path / "first", first), 0.5)
    assert (last / "model.safetensors").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "it has no safetensors"),
        (b"\x07", "cannot be read"),
        (b"\x08" + bytes(7) + b"not json", "cannot be read"),
        (b"\x02" + bytes(7) + b"[]", "no JSON object"),
    ],
)
def test_first_weights_that_are_gone_or_torn_are_named_with_what_to_do(tmp_path, content, named):
    last, first = checkpoint(tmp_path / "last", LAST), tmp_path / "first"
    first.mkdir()
    if content is not None:
        (first / "model.safetensors").write_bytes(content)
    with pytest.raises(StageFailure, match=rf"{named}.* Put them back\. What was trained is kept"):
        interpolate(last, first, 0.5)


def test_first_weights_that_end_early_are_named(tmp_path):
    last, first = checkpoint(tmp_path / "last", LAST), checkpoint(tmp_path / "first", LAST)
    whole = (first / "model.safetensors").read_bytes()
    (first / "model.safetensors").write_bytes(whole[:-4])
    with pytest.raises(StageFailure, match=r"first/model\.safetensors, cannot be read"):
        interpolate(last, first, 0.5)


def test_other_weights_of_the_same_shape_under_the_old_manifest_are_refused(tmp_path):
    last, first = checkpoint(tmp_path / "last", LAST), checkpoint(tmp_path / "first", LAST)
    write_manifest(first, {})
    interpolate(last, first, 0.5)
    before = (last / "model.safetensors").read_bytes()
    save_file({"a": torch.zeros(2), "b": torch.zeros(1, 1)}, first / "model.safetensors", {"format": "pt"})
    with pytest.raises(
        StageFailure, match=r"first/model\.safetensors has not the hash that its manifest gives.* What was trained is kept"
    ):
        interpolate(last, first, 0.5)
    assert (last / "model.safetensors").read_bytes() == before
