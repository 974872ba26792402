"""Thinking and answer told apart, however the text is cut into pieces."""

import pytest

from openqwq.talk.thinking import Thinking, apart

CALL = '<tool_call>\n{"name": "mul", "arguments": {}}\n</tool_call>'
TURNS = [
    ("<think>\nadd them\n</think>\n\n42", False, "\nadd them\n", "42"),
    (f"<think>\nx\n</think>\n\n{CALL}", False, "\nx\n", CALL),
    (CALL, False, "", CALL),  # a call made without thinking is no thinking
    ("42", False, "", "42"),
    ("\n<think>x</think>42", False, "x", "42"),
    ("x</think>\n42", True, "x", "42"),  # QwQ's template opens the thinking in the prompt
    ("on and on", True, "on and on", ""),
    ("<think>on and on", False, "on and on", ""),
    ("<think>on and on</thi", False, "on and on</thi", ""),
    ("<think></think>", False, "", ""),
    ("<thin", False, "", "<thin"),
    ("1 < 2 </think> 3", False, "", "1 < 2 </think> 3"),
    ("Sure. <think>x</think>", False, "", "Sure. <think>x</think>"),
    ("<think>a < b </ c</think>d <think>e</think>", False, "a < b </ c", "d <think>e</think>"),
    ("", False, "", ""),
]


@pytest.mark.parametrize(("text", "opened", "thought", "said"), TURNS, ids=[turn[0][:24] for turn in TURNS])
@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_apart_in_pieces_as_in_one(text, opened, thought, said, size):
    assert apart(text, opened) == (thought, said)
    thinking = Thinking(opened)
    pieces = [thinking.take(text[at : at + size]) for at in range(0, len(text), size)] + [thinking.end()]
    assert ("".join(one for one, _ in pieces), "".join(one for _, one in pieces)) == (thought, said)


def test_nothing_waits_longer_than_it_must():
    thinking = Thinking(False)
    assert [thinking.take(piece) for piece in ("<thi", "nk>a", "b <", " c", "</think>", "\n", "d<")] == [
        ("", ""), ("a", ""), ("b ", ""), ("< c", ""), ("", ""), ("", ""), ("", "d<"),
    ]  # fmt: skip
