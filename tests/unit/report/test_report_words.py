"""Numbers and names as people read them."""

import pytest

from openqwq.report import words
from openqwq.report.completions import LONGEST, cut, readable, turns
from openqwq.report.curves import grouped


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (words.percent(0.367), "36.7 %"),
        (words.percent(None), "–"),
        (words.points(0.032), "+3.2"),
        (words.points(-0.032), "−3.2"),
        (words.chance(0.0412), "0.041"),
        (words.chance(0.0), "<0.001"),
        (words.chance(1.0), "1"),
        (words.chance(None), "–"),
        (words.count(1234567), "1\u202f234\u202f567"),
        (words.size(999), "999 B"),
        (words.size(1_234_567), "1.2 MB"),
        (words.size(5e12), "5000.0 GB"),
        (words.parameters(134_515_008), "134.5M"),
        (words.parameters(32_763_876_352), "32.8B"),
        (words.parameters(538_112), "538K"),
        (words.stage("coldstart"), "Cold start"),
        (words.metric("novel_figure"), "novel figure"),
    ],
)
def test_numbers_and_names(given, shown):
    assert given == shown


def test_a_chatml_prompt_is_read_as_turns():
    prompt = "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\na\nb<|im_end|>\n<|im_start|>assistant\n"
    assert [(role, text.shown) for role, text in turns(prompt)] == [("system", "Be brief."), ("user", "a\nb")]
    assert [(role, text.shown) for role, text in turns("[INST] hi")] == [("prompt", "[INST] hi")]


def test_a_text_is_cut_in_the_middle_and_says_by_how_much():
    text = cut("a" * LONGEST + "b" * 50)
    assert text.left_out == 50
    assert text.shown.startswith("aaa")
    assert text.shown.endswith("bbb")
    assert cut("a" * LONGEST).left_out == 0


def test_references_are_laid_out_for_reading():
    assert readable('{"answer": "4"}') == "answer: 4"
    assert readable('{"tests": "def check(c):\\n    assert c(1)"}') == "tests:\ndef check(c):\n    assert c(1)"
    assert readable(None).startswith("none")
    assert readable("not json") == "not json"


def test_every_figure_is_in_exactly_one_chart():
    names = ["reward", "reward/a", "reward/b", "loss", "truncated", "brand_new", "learning_rate"]
    charts = grouped(names)
    assert sorted(name for _, group in charts for name in group) == sorted(names)
    assert charts[0] == ("Mean reward", ["reward"])
    assert charts[-1] == ("Learning rate", ["learning_rate"])
