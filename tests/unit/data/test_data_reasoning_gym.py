"""Problems and worked steps of reasoning-gym."""

import json
import math
import re
import subprocess
import sys

import pytest
from data_helpers import make_source

from openqwq.data.sources import reasoning_gym
from openqwq.data.sources.reading import Reading
from openqwq.data.sources.reasoning_gym.steps import chain_sum, gcd, number_sorting, products
from openqwq.data.sources.reasoning_gym.tasks import TASKS
from openqwq.errors import UserError
from openqwq.verify.item import Item
from openqwq.verify.registry import verify_one


def rows(source, seed):
    return reasoning_gym.rows(source, seed, Reading())


def source(**values):
    return make_source(**{"type": "reasoning_gym", "task": "chain_sum", "size": 20, **values})


@pytest.mark.parametrize("task", sorted(TASKS))
def test_every_task_makes_short_problems_that_say_how_to_answer(task):
    made = list(rows(source(task=task), seed=1))
    assert len(made) == 20
    for row in made:
        question, mark = row["messages"][0]["content"].split("\n")
        assert mark == "Put the final answer in \\boxed{}."
        assert len(question) < 120
        assert json.loads(row["reference"])["answer"]
    assert len({row["messages"][0]["content"] for row in made}) > 10


def test_arithmetic_is_right():
    for row in rows(source(task="basic_arithmetic", params={"operators": ["+", "-", "*"]}), seed=3):
        expression = re.fullmatch(r"Compute (.+)\.", row["messages"][0]["content"].split("\n")[0])[1]
        assert str(eval(expression)) == json.loads(row["reference"])["answer"]


def test_a_fraction_asks_for_what_the_question_does_not_already_say():
    for row in rows(source(task="fraction_simplification"), seed=1):
        top, bottom = map(int, re.search(r"(\d+)/(\d+)", row["messages"][0]["content"]).groups())
        assert json.loads(row["reference"])["answer"] == str(bottom // math.gcd(top, bottom))


def test_the_largest_and_the_smallest_are_what_comparing_finds():
    asked = set()
    for row in rows(source(task="number_sorting", role="traces"), seed=1):
        numbers, which = re.fullmatch(r"Which of (.+) is the (\w+)\?", row["messages"][0]["content"].split("\n")[0]).groups()
        values = [float(number) for number in re.split(", | and ", numbers)]
        answer = json.loads(row["reference"])["answer"]
        assert float(answer) == (max if which == "largest" else min)(values)
        *_, last = re.findall(r"(\S+) ([<>=]) (\S+), so (\S+)", row["completion"])
        assert last[3] == answer
        asked.add(which)
    assert asked == {"largest", "smallest"}


@pytest.mark.parametrize("task", sorted(TASKS))
def test_the_question_itself_is_no_answer_and_the_gold_is_one(task):
    """Of `Compute 4 + 9.` the box `4 + 9` has the value that is asked for."""
    made = list(rows(source(task=task), seed=1))
    for row in made:
        gold = json.loads(row["reference"])["answer"]
        items = [Item("gold", "math", row["reference"], rf"\boxed{{{gold}}}")]
        if copied := re.match(r"Compute (.+)\.\n", row["messages"][0]["content"]):
            items.append(Item("copy", "math", row["reference"], rf"\boxed{{{copied[1]}}}"))
        assert [verify_one(item).outcome for item in items] == ["correct", "incorrect"][: len(items)]


def test_params_reach_the_task():
    for row in rows(source(params={"min_terms": 2, "max_terms": 2, "max_digits": 1}), seed=1):
        assert re.match(r"Compute \d [+-] \d\.\n", row["messages"][0]["content"])


def test_sources_of_other_names_and_runs_of_other_seeds_differ():
    texts = [
        {row["id"]: row["messages"][0]["content"] for row in rows(source(name=name), seed=seed)}.values()
        for name, seed in (("a", 1), ("b", 1), ("a", 2), ("a", 1))
    ]
    assert list(texts[0]) == list(texts[3])
    assert not set(texts[0]) & set(texts[1])
    assert not set(texts[0]) & set(texts[2])


def test_traces_end_in_the_answer():
    for task in ("chain_sum", "products", "gcd"):
        for row in rows(source(task=task, role="traces"), seed=1):
            answer = json.loads(row["reference"])["answer"]
            steps, end = row["completion"].removeprefix("<think>\n").split("\n</think>\n\n")
            assert end == f"\\boxed{{{answer}}}"
            for line in steps.split("\n"):
                left, right = line.split(" = ", 1)
                assert eval(left) == eval(right), line


@pytest.mark.parametrize(
    ("write", "metadata", "steps"),
    [
        (chain_sum.write, {"expression": "12 + 35 - 6"}, "12 + 35 = 47\n47 - 6 = 41"),
        (chain_sum.write, {"expression": "-5 - -3"}, "-5 - -3 = -2"),
        (chain_sum.write, {"expression": "7"}, "The value is 7."),
        (products.write, {"expression": "12 * 35"}, "12 * 30 = 360\n12 * 5 = 60\n360 + 60 = 420"),
        (products.write, {"expression": "2 * 3 * 20"}, "2 * 3 = 6\n6 * 20 = 120"),
        (products.write, {"expression": "4 * -12"}, "4 * -10 = -40\n4 * -2 = -8\n-40 - 8 = -48"),
        (products.write, {"expression": "9 * 0"}, "9 * 0 = 0"),
        (gcd.write, {"numbers": [18, 48]}, "48 = 2 * 18 + 12\n18 = 1 * 12 + 6\n12 = 2 * 6 + 0"),
        (
            number_sorting.write,
            {"original_numbers": ["31.0", "7.0", "31.0", "54.0"], "direction": "ascending"},
            "31 > 7, so 31\n31 = 31, so 31\n31 < 54, so 54",
        ),
        (
            number_sorting.write,
            {"original_numbers": ["0.5", "-7.25"], "direction": "descending"},
            "0.5 > -7.25, so -7.25",
        ),
    ],
)
def test_worked_steps(write, metadata, steps):
    assert write(metadata) == steps


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"task": "chess"}, "unknown task 'chess'"),
        ({"task": "lcm", "role": "traces"}, "no worked steps"),
        ({"role": "preferences"}, "not preferences"),
        ({"params": {"terms": 2}}, "unknown key 'terms'"),
        ({"params": {"seed": 2}}, "unknown key 'seed'"),
        ({"params": {"min_terms": 5, "max_terms": 2}}, "max_terms must be >= min_terms"),
    ],
)
def test_slips_in_the_configuration(values, says):
    with pytest.raises(UserError, match=r"curate\.sources\.source") as caught:
        list(rows(source(**values), seed=1))
    assert says in str(caught.value)


def test_only_the_task_asked_for_is_imported():
    code = (
        "import sys; from openqwq.data.sources.reasoning_gym.package import dataset_classes;"
        "print(dataset_classes('arithmetic.chain_sum')[0].__name__, 'pytz' in sys.modules, 'reasoning_gym.games' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.split() == ["ChainSumDataset", "False", "False"]
