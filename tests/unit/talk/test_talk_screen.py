"""What stands on the screen while an answer comes."""

import io

import pytest

from openqwq.talk.screen import Screen, colourful

ANSWER = "<think>\nadd them\n</think>\n\nIt is 42."


def shown(text, size=1, **how):
    out = io.StringIO()
    whole = Screen(out, **how).show(text[at : at + size] for at in range(0, len(text), size))
    assert whole == text, "what is kept is what the model wrote"
    return out.getvalue()


@pytest.mark.parametrize("size", [1, 3, 7, 100])
def test_thinking_is_dimmed_however_the_text_is_cut(size):
    assert shown(ANSWER, size, colour=True, fold=False) == "\x1b[2m\nadd them\n\x1b[0m\n\nIt is 42.\n"


@pytest.mark.parametrize("size", [1, 5, 100])
def test_without_colour_the_marks_stay(size):
    assert shown(ANSWER, size, colour=False, fold=False) == ANSWER + "\n"


@pytest.mark.parametrize("size", [1, 5, 100])
def test_folded_thinking_is_a_number(size):
    text = shown(ANSWER, size, colour=False, fold=True)
    assert text == "[thought: 10 characters]\n\n\nIt is 42.\n"


def test_thinking_that_does_not_end_does_not_dim_what_follows():
    assert shown("<think>on and on", colour=True, fold=False).endswith("\x1b[0m\n")


def test_a_lonely_angle_is_text():
    assert shown("1 < 2 <thin", colour=True, fold=False) == "1 < 2 <thin\n"


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("size", [1, 100])
def test_escape_sequences_of_the_model_are_not_obeyed(colour, size):
    text = shown("\x1b]0;title\x07\x1b[2J\r\x9b31m gone \u202e", size, colour=colour, fold=False)
    assert "\\x1b]0;title\\x07\\x1b[2J\\r\\x9b31m gone \\u202e" in text
    assert not set(text) & set("\x1b\x07\r\x9b\u202e")


def test_escape_codes_only_on_a_terminal_that_wants_them(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert colourful(Terminal())
    assert not colourful(io.StringIO())
    monkeypatch.setenv("TERM", "dumb")
    assert not colourful(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colourful(Terminal())
