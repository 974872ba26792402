"""LiveBench's rules: what each accepts, what it gives part credit for, and what would be a hedge."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openqwq.verify import Item, verify_one
from openqwq.verify.livebench.judge import RULES

TEXT = "We study the effect of noise on graphs, and prove a bound that holds for all of them."
GOLDS = {
    "AMPS_Hard": "\\frac{x^2}{2}",
    "math_comp_choice": "D",
    "math_comp_integer": "073",
    "web_of_lies_v2": "no, yes, unknown",
    "zebra_puzzle": "3, Anna, skydiving, dark-blue",
    "spatial": "4",
    "connections": "a, b, c, d, e, f, g, h",
    "typos": TEXT,
    "cta": "Street Address",
    "tablejoin": "{'id': 'key', 'name': 'label'}",
}

RIGHT = [
    ("AMPS_Hard", "So \\boxed{\\frac{x^2}{2} + C}."),
    ("AMPS_Hard", "\\boxed{\\frac{1}{2}x^2}"),
    ("math_comp_choice", "It must be DDDDD"),
    ("math_comp_choice", "<solution>D</solution>"),
    ("math_comp_choice", "\\boxed{\\text{D}}"),
    ("math_comp_integer", "Hence the answer is 073."),
    ("math_comp_integer", "\\boxed{73}"),
    ("web_of_lies_v2", "Think. **no, yes, unknown**"),
    ("web_of_lies_v2", "<solution>no, yes, unknown</solution>"),
    ("web_of_lies_v2", "**Note** then **No, Yes, Unknown**."),
    ("zebra_puzzle", "<solution>3, Anna, skydiving, dark blue</solution>"),
    ("zebra_puzzle", "<solution>three, anna, Skydiving, dark-blue</solution>"),
    ("spatial", "There are **four** pieces: **4**"),
    ("spatial", "**four**"),
    ("connections", "<solution>h, g, f, e, d, c, b, a</solution>"),
    ("connections", "**b, a, d, c, e, h,\nf, g**"),
    ("typos", f"Here is the text:\n\n{TEXT}"),
    ("typos", f"<solution>{TEXT.replace(' prove', chr(10) + 'prove')}</solution>"),
    ("cta", "street_address"),
    ("cta", "The type is\n**Street Address**"),
    ("tablejoin", '```json\n{"id": "key", "name": "label"}\n```'),
    ("tablejoin", "{'name': 'label', 'id': 'key'}"),
]


@pytest.mark.parametrize(("task", "completion"), RIGHT)
def test_right_answers(verdict, task, completion):
    found = verdict("livebench", {"task": task, "ground_truth": GOLDS[task]}, f"<think>hm</think>{completion}")
    assert (found.outcome, found.score) == ("correct", 1.0), found


WRONG = [
    ("AMPS_Hard", "\\boxed{x^2}", 0),
    ("AMPS_Hard", "x^2/2", 0),
    ("AMPS_Hard", "\\boxed{\\frac{x^2}{2}} or \\boxed{x}", 0),
    ("math_comp_choice", "AAAAA BBBBB CCCCC DDDDD EEEEE", 0),
    ("math_comp_choice", "D", 0),
    ("math_comp_choice", "AAAAABBBBBDDDDD", 0),
    ("math_comp_integer", "the answer is 1073", 0),
    ("math_comp_integer", "073 or 074", 0),
    ("math_comp_integer", "<solution>073, 074</solution>", 0),
    ("math_comp_integer", "between 7.073", 0),
    ("web_of_lies_v2", "**no, yes, unknown, yes**", 0),
    ("web_of_lies_v2", "**no, yes, no**", 0),
    ("web_of_lies_v2", "**no, yes, unknown** or else **yes, yes, yes**", 0),
    ("zebra_puzzle", "<solution>3, Anna, chess, red</solution>", 0.25),
    ("zebra_puzzle", "<solution>1 2 3 4, Anna or Eva, skydiving, dark-blue</solution>", 0.25),
    ("zebra_puzzle", "<solution>3, Anna, skydiving, dark-blue, red</solution>", 0),
    ("spatial", "**4** or **5**", 0),
    ("spatial", "**3 4 5**", 0),
    ("connections", "<solution>a, b, c, d, e, f, g, x</solution>", 0.5),
    ("connections", "<solution>a, b, c, d, a, b, c, d</solution>", 0),
    ("connections", "<solution>a, b, c, d, e, f, g, h, x</solution>", 0),
    ("typos", TEXT.replace("noise", "nois"), 0),
    ("typos", TEXT.replace("noise", "nois") + " " + TEXT, 0),
    ("cta", "street address or city", 0),
    ("tablejoin", "{'id': 'key', 'name': 'other'}", 0.5),
    ("tablejoin", "{'id': 'key'}", 2 / 3),
    ("tablejoin", "__import__('os').system('true')", 0),
    ("tablejoin", "{" * 9000, 0),
]


@pytest.mark.parametrize(("task", "completion", "score"), WRONG)
def test_wrong_answers_and_their_part_credit(verdict, task, completion, score):
    found = verdict("livebench", {"task": task, "ground_truth": GOLDS[task]}, completion)
    assert found.outcome == "incorrect", found
    assert found.score == pytest.approx(score)


def test_each_rule_is_tried_both_ways():
    assert {task for task, _ in RIGHT} == {task for task, _, _ in WRONG} == set(GOLDS) == set(RULES)


def test_a_single_answer_of_the_first_release(verdict):
    reference = {"task": "zebra_puzzle", "ground_truth": "Portuguese"}
    assert verdict("livebench", reference, "It is ***Portuguese***.").outcome == "correct"
    assert verdict("livebench", reference, "It is ***Portuguese*** or ***Dutch***").outcome == "incorrect"


def test_shapes_may_be_described(verdict):
    reference = {"task": "spatial", "ground_truth": "tetrahedra"}
    assert verdict("livebench", reference, "**two tetrahedra**").outcome == "correct"
    assert verdict("livebench", reference, "**cube tetrahedra**").outcome == "incorrect"


@pytest.mark.parametrize(
    "reference",
    [
        None,
        {},
        {"task": "nothing", "ground_truth": "x"},
        *({"task": task} for task in GOLDS),
        *({"task": task, "ground_truth": ["", 3]} for task in GOLDS if task != "AMPS_Hard"),
        {"task": "web_of_lies_v2", "ground_truth": "perhaps"},
        {"task": "connections", "ground_truth": "a, b, c"},
        {"task": "connections", "ground_truth": "a, a, b, c"},
        {"task": "math_comp_choice", "ground_truth": "F"},
        {"task": "math_comp_integer", "ground_truth": "1234"},
        {"task": "tablejoin", "ground_truth": "[1]"},
        {"task": "cta", "ground_truth": "--"},
        {"task": "AMPS_Hard", "ground_truth": "+ C"},
    ],
)
def test_what_the_ground_truth_causes_is_unscorable(verdict, reference):
    assert verdict("livebench", reference, "\\boxed{1} **yes** {'a': 'b'}").outcome == "unscorable"


@pytest.mark.parametrize("task", GOLDS)
def test_nothing_after_the_thinking_is_no_answer(verdict, task):
    for completion in ("", "  \n", "<think>" + GOLDS[task], f"<think>{GOLDS[task]}</think>"):
        found = verdict("livebench", {"task": task, "ground_truth": GOLDS[task]}, completion)
        assert (found.outcome, found.reason[:9]) == ("incorrect", "no answer")


TASKS = st.sampled_from(sorted(set(GOLDS) - {"AMPS_Hard"}))


@given(TASKS, st.text(alphabet="*<>/solutin{}\\boxed,0123 \nABDyesn'\":", max_size=200))
def test_no_completion_is_unscorable_or_raises(task, text):
    item = Item("row", "livebench", json.dumps({"task": task, "ground_truth": GOLDS[task]}), text)
    assert verify_one(item).outcome in ("correct", "incorrect")
