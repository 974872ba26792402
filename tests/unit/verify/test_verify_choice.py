"""Multiple choice: letters and texts that name the right option, and the ways to name more than one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openqwq.verify import Item, verify_one

OPTIONS = ["10 m/s", "vitamin A", "a positive charge", "42", "42"]
REFERENCE = {"answer": "C", "options": OPTIONS}


@pytest.mark.parametrize(
    "completion",
    [
        "\\boxed{C}",
        "\\boxed{c}",
        "\\boxed{(C)}",
        "\\boxed{\\text{C}}",
        "\\boxed{\\textbf{(C)}}",
        "\\boxed{CCCCC}",
        "\\boxed{C) a positive charge}",
        "\\boxed{C. A positive charge.}",
        "\\boxed{C: \\text{a positive charge}}",
        "\\boxed{a  positive charge}",
        "First A looks right.\n\\boxed{C}",
        "\\boxed{C}, that is \\boxed{a positive charge}",
        "<think>maybe \\boxed{A}</think>\\boxed{C}",
        "The answer is C.",
        "The answer is (C).",
        "The correct answer is: **C**",
        "A and B are wrong.\n\nAnswer: C",
        "The answer is C because the other charges cancel.",
        "C",
        "(C) a positive charge",
        "a positive charge",
    ],
)
def test_the_right_option_however_it_is_named(verdict, completion):
    assert verdict("choice", REFERENCE, completion).outcome == "correct"


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        ("\\boxed{B}", "chose B"),
        ("\\boxed{A or C}", "several"),
        ("\\boxed{C or A}", "several"),
        ("\\boxed{A, B, C, D, E}", "several"),
        ("\\boxed{ABCDE}", "several"),
        ("\\boxed{C, but maybe D}", "several"),
        ("\\boxed{C)/D)}", "several"),
        ("\\boxed{C. vitamin A}", "several"),
        ("\\boxed{C: 10 m/s}", "several"),
        ("\\boxed{B} \\boxed{C}", "several answers"),
        ("\\boxed{C} \\boxed{B}", "several answers"),
        ("\\boxed{C} \\boxed{10 m/s}", "several answers"),
        ("The answer is A. \nThe answer is C.", "several answers"),
        ("The answer is C or D", "several"),
        ("The answer is not C", "no answer"),
        ("\\boxed{42}", "no answer"),  # two options have this text
        ("\\boxed{A good guess}", "no answer"),
        ("\\boxed{F}", "no answer"),
        ("\\boxed{}", "no answer"),
        ("\\boxed{C} \\boxed{}", "no answer"),
        ("\\boxed{all of them}", "no answer"),
        ("", "no answer"),
        ("<think>\\boxed{C}</think>", "no answer"),
        ("<think>\\boxed{C}", "no answer"),
        ("A is right, then B, and C", "several"),
        ("\\boxed{" + "C" * 3000 + "}", "limit"),
        ("\\boxed{C}" * 21, "limit"),
    ],
)
def test_no_option_another_or_several_are_incorrect(verdict, completion, reason):
    found = verdict("choice", REFERENCE, completion)
    assert (found.outcome, found.reason[: len(reason)]) == ("incorrect", reason)


@pytest.mark.parametrize(
    "reference",
    [
        None,
        [],
        {},
        {"answer": "C"},
        {"answer": "C", "options": ["x", "y"]},
        {"answer": "c", "options": ["x", "y", "z"]},
        {"answer": 2, "options": ["x", "y", "z"]},
        {"answer": "", "options": ["x", "y", "z"]},
        {"answer": "A", "options": ["x"]},
        {"answer": "A", "options": ["x", 1]},
        {"answer": "A", "options": ["x"] * 27},
    ],
)
def test_a_reference_that_names_no_option_is_unscorable(verdict, reference):
    assert verdict("choice", reference, "\\boxed{A}").outcome == "unscorable"


def test_texts_that_look_like_letters_are_letters(verdict):
    reference = {"answer": "A", "options": ["B", "A", "I"]}
    assert verdict("choice", reference, "\\boxed{A}").outcome == "correct"
    assert verdict("choice", reference, "\\boxed{B}").outcome == "incorrect"


@given(st.text(max_size=300))
def test_no_completion_is_unscorable_or_raises(text):
    item = Item("row", "choice", '{"answer": "B", "options": ["one", "two", "three"]}', text)
    assert verify_one(item).outcome in ("correct", "incorrect")


SEVERAL = st.lists(st.sampled_from("ABCDEFGHIJ"), min_size=2, max_size=10, unique=True)


@given(SEVERAL, st.sampled_from([", ", " or ", "/", "", " ", ") "]))
def test_two_letters_are_never_correct(letters, between):
    options = [f"option number {number}" for number in range(10)]
    for gold in letters:
        item = {"answer": gold, "options": options}
        for text in (f"\\boxed{{{between.join(letters)}}}", f"The answer is {between.join(letters)}"):
            assert verify_one(Item("row", "choice", json.dumps(item), text)).outcome == "incorrect"
