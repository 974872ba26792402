"""The chat with a real model, as a command with pipes."""

import shutil
import subprocess
import sys

import pytest
import torch

from openqwq.errors import UserError
from openqwq.generate.template import render
from openqwq.talk.model import TalkingModel


def chat(*arguments, lines="", **environment):
    import os

    words = [sys.executable, "-m", "openqwq.cli", "chat", *map(str, arguments)]
    given = os.environ | environment
    return subprocess.run(words, input=lines, capture_output=True, text=True, timeout=120, env=given, check=False)


def test_piped(tiny_model):
    done = chat(tiny_model, "--max-tokens", "12", "--seed", "1", lines="1+1?\n/quit\n")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 1, "random weights may well write nothing but newlines"
    assert "tokens/s" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "<|im_end|>" not in done.stdout
    again = chat(tiny_model, "--max-tokens", "12", "--seed", "1", lines="1+1?\n")
    assert again.stdout == done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["nowhere"], "no such model folder"), (["FOLDER", "--max-tokens", "0"], "a number from 1 on")],
)
def test_what_cannot_be_talked_to(tmp_path, arguments, said):
    done = chat(*[tmp_path if a == "FOLDER" else a for a in arguments])
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_folder_without_weights(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    done = chat(tmp_path)
    assert done.returncode == 2
    assert "no weights" in done.stderr


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json"])
def test_a_folder_whose_files_are_cut_off(tiny_model, tmp_path, name):
    folder = tmp_path / "cut"
    shutil.copytree(tiny_model, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:100])
    with pytest.raises(UserError, match=r"could not be loaded|model\.safetensors: damaged"):
        TalkingModel.load(folder, "float32", 24)


def test_a_model_that_cannot_compute_ends_the_question_only(tiny_model):
    model = TalkingModel.load(tiny_model, "float32", 24)
    with torch.no_grad():
        model.model.get_input_embeddings().weight.fill_(float("nan"))
    model.model.generation_config.do_sample = True
    with pytest.raises(UserError, match="could not go on"):
        list(model.answer([{"role": "user", "content": "1+1"}], None))


def test_pieces_are_what_generate_gives_and_a_stop_ends_it(tiny_model):
    model = TalkingModel.load(tiny_model, "float32", 24)
    model.model.generation_config.do_sample = False
    messages = [{"role": "user", "content": "1+1"}]
    text = "".join(model.answer(messages, None))
    inputs = model.tokenizer(render(model.tokenizer, messages, None), add_special_tokens=False, return_tensors="pt")
    ids = model.model.generate(**inputs, max_new_tokens=24)[0, inputs["input_ids"].shape[1] :]
    assert text == model.tokenizer.decode(ids).replace("<|im_end|>", "")
    assert (model.tokens, model.cut) == (len(ids), len(ids) == 24)
    model.max_tokens = 300
    pieces = model.answer(messages, None)
    next(pieces)
    model.stop()
    list(pieces)
    assert model.tokens < 300


def test_thinking_that_the_template_has_opened_has_its_mark(tiny_model):
    """As QwQ's own template does: the model writes the end of its thinking alone."""
    model = TalkingModel.load(tiny_model, "float32", 8)
    model.model.generation_config.do_sample = False
    model.tokenizer.chat_template += "{% if add_generation_prompt %}<think>\n{% endif %}"
    pieces = list(model.answer([{"role": "user", "content": "1+1"}], None))
    assert pieces[0] == "<think>\n"


def test_a_template_that_refuses_a_conversation_is_told_in_one_line(tiny_model):
    model = TalkingModel.load(tiny_model, "float32", 8)
    model.tokenizer.chat_template = "{{ raise_exception('no system\nmessage here') }}"
    with pytest.raises(UserError, match=r"does not take this conversation \(no system message here\)"):
        list(model.answer([{"role": "system", "content": "x"}], None))


def test_a_conversation_that_is_too_long(tiny_model):
    model = TalkingModel.load(tiny_model, "float32", 24)
    with pytest.raises(UserError, match="/reset begins a new one"):
        list(model.answer([{"role": "user", "content": "x" * 3000}], None))
