"""`openqwq chat` at a real terminal of 80 columns, with a real model: what is typed, what is seen, and how it ends."""

import json
import os
import re
import shutil
import sys

import pytest
from terminal import Terminal

pytestmark = pytest.mark.slow
QUESTION, TURN = "6*7?", "<think>\nI compute.\n</think>\n\nIt is 42."


@pytest.fixture(scope="module")
def model(by_heart):
    return by_heart({QUESTION: TURN}, [])


def chat(folder, cwd, *more, **environment):
    given = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"TERM": "xterm", **environment}
    return Terminal([sys.executable, "-m", "openqwq.cli", "chat", folder, *more], cwd, given)


def plain(text):
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).replace("\r", "")


def test_a_conversation(model, tmp_path):
    with chat(model, tmp_path) as terminal:
        terminal.until("> ")
        terminal.type(f"{QUESTION}\n")
        said = terminal.until("tokens/s)")
        assert "\x1b[2m\r\nI compute.\r\n\x1b[0m\r\n\r\nIt is 42.\r\n" in said, "the thinking is dimmed, the answer is not"
        terminal.until("> ")
        terminal.type("/save talk.json\n")
        terminal.until("saved as talk.json")
        assert [one["content"] for one in json.loads((tmp_path / "talk.json").read_text())["messages"]] == [QUESTION, TURN]
        terminal.type("/save talk.json\n")
        terminal.until("exists already")
        terminal.type("/system be kind\n")
        terminal.until("system message set")
        terminal.type("/reset\n")
        terminal.until("begun anew")
        terminal.type("/save other.json\n")
        terminal.until("saved as other.json")
        assert json.loads((tmp_path / "other.json").read_text())["messages"] == [{"role": "system", "content": "be kind"}]
        terminal.type("/help\n")
        terminal.until("\n> ")
        terminal.type("\x04")
        assert terminal.ended() == 0
        assert max(map(len, plain(terminal.shown).split("\n"))) <= 80


def test_an_answer_is_stopped_and_the_chat_goes_on(model, tmp_path):
    """With a model that never ends a turn."""
    endless = tmp_path / "endless"
    shutil.copytree(model, endless)
    generation = json.loads((endless / "generation_config.json").read_text())
    (endless / "generation_config.json").write_text(json.dumps(generation | {"eos_token_id": [1]}))
    with chat(endless, tmp_path, NO_COLOR="1") as terminal:
        terminal.until("> ")
        terminal.type(f"{QUESTION}\n")
        terminal.until("I compute.")
        terminal.type("\x03")
        terminal.until("(stopped; this question is not kept)")
        terminal.until("> ")
        terminal.type("/save talk.json\n")
        terminal.until("saved as talk.json")
        assert json.loads((tmp_path / "talk.json").read_text())["messages"] == []
        terminal.until("> ")
        terminal.type("\x03")
        assert terminal.ended() == 0, "at the prompt Ctrl-C leaves"
        assert "\x1b[2m" not in terminal.shown
        assert "<think>" in terminal.shown, "without colour the marks stay"
        assert "Traceback" not in terminal.shown
