"""The filters on public data: what is clean is kept."""

import json
from collections import Counter

import pytest
from test_data_real import read

from openqwq.data.filters import language, verifiability
from openqwq.data.sources.transforms import REGISTRY

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize("name", ["gsm8k", "math", "leetcode", "mbpp"])
def test_no_english_prompt_is_taken_for_another_language(real_data, name):
    rows, _, _ = read(real_data, name)
    assert [reason for row in rows if (reason := language.reason(row, ("en",)))] == []


def test_preference_prompts_in_other_languages_are_found(real_data):
    rows, _, _ = read(real_data, "preferences")
    found = [row["messages"][-1]["content"] for row in rows if language.reason(row, ("en",))]
    assert 4 <= len(found) <= 10
    assert any("Abschließend" in text for text in found)


def test_grade_school_problems_are_all_verifiable(real_data):
    rows, _, _ = read(real_data, "gsm8k")
    assert [verifiability.reason(row) for row in rows if verifiability.reason(row)] == []


def test_of_competition_problems_those_with_options_go(real_data):
    rows, _, _ = read(real_data, "math")
    kinds = Counter(reason.split(":")[0] for row in rows if (reason := verifiability.reason(row)))
    assert 100 <= kinds.pop("multiple_choice") <= 140
    assert kinds.total() <= 12  # figures that are not there, golds such as `0.56 = 56\%`


def test_leetcode_as_a_check_program_of_another_set(real_data):
    rows, _, _ = read(real_data, "leetcode")
    for row in rows[:200]:
        gold = json.loads(row["reference"])
        value = {
            "entry_point": None,
            "import_prefix": gold["setup"],
            "test_code": f"{gold['tests']}\ncheck({gold['entry_point']})",
        }
        made = REGISTRY["code_tests"](value)
        assert (made["entry_point"], made["setup"]) == (gold["entry_point"], gold["setup"])
