"""Each public set of config/sources, on rows of the shape that its file describes; and those of the hub without a hub."""

import json

import pytest
from pydantic import TypeAdapter

from openqwq.config.curate import Source
from openqwq.config.registry import known, resolve
from openqwq.data import sources
from openqwq.data.filters import verifiability
from openqwq.data.steps import gold, schema
from openqwq.errors import UserError

TRACE = "<think>\nOne and one are two, as anybody can see.\n</think>\n\n\\boxed{2}"
PAIR = [{"role": "user", "content": "1 + 1?"}, {"role": "assistant", "content": TRACE}]
SHAREGPT = [{"from": "human", "value": "1 + 1?"}, {"from": "gpt", "value": TRACE}]
DOUBLE = "```python\nprint(2 * int(input()))\n```"
STDIO = [{"type": "stdin_stdout", "input": "3\n", "output": "6\n", "fn_name": None}]
SUM = {"problem": "What is $1 + 1$?", "answer": "2"}
TOOL = {"name": "Find Taxi", "description": "", "parameters": {"type": "dict", "properties": {"to": {"type": "string"}}}}

TOOLRL = {
    "instruction": "You help.\n\n**Available Tools**\nIn your response, you can use the following tools:\n1. Name: Find Taxi\n"
    'Description: Calls a taxi.\nParameters: {"to": {"description": "where", "type": "str", "default": ""}}\n\n'
    "**Steps for Each Turn**\n1. **Think:** Recall.",
    "input": "**Dialogue Records History**\n<user> A taxi to Bern </user>",
    "output": "<think> One taxi is wanted. </think>\n<tool_call>\n"
    '{"name": "Find Taxi", "parameters": {"to": "Bern"}}\n</tool_call>',
}

# name -> a row that is kept, and one that is set aside (None: the mapping refuses nothing but missing columns)
ROWS = {
    "openr1-math": (
        {**SUM, "solution": "2", "question_type": "math-word-problem", "source": "aops", "uuid": "u", "messages": PAIR},
        SUM,
    ),
    "openthoughts3": (
        {"difficulty": 7, "source": "x", "domain": "science", "conversations": SHAREGPT},
        {"difficulty": 7, "source": "x", "domain": "alchemy", "conversations": SHAREGPT},
    ),
    "mixture-of-thoughts-math": (
        {"messages": PAIR, "num_tokens": 9, "source": "x"},
        {"messages": PAIR[:1], "num_tokens": 1, "source": "x"},
    ),
    "mixture-of-thoughts-code": (
        {"messages": PAIR, "num_tokens": 9, "source": "x"},
        {"messages": [], "num_tokens": 1, "source": "x"},
    ),
    "dapo-math": ({"prompt": "What is 1 + 1?", "solution": "2"}, {"prompt": "What is 1 + 1?", "solution": None}),
    "deepscaler": ({**SUM, "solution": ""}, {**SUM, "answer": " "}),
    "big-math": ({**SUM, "source": "orca", "domain": ["a"], "llama8b_solve_rate": 0.5}, {**SUM, "answer": None, "source": "s"}),
    "skywork-or1-math": (
        {
            "data_source": "train-math",
            "prompt": PAIR[:1],
            "reward_model": {"ground_truth": '["2"]', "style": "rule"},
            "extra_info": {"index": 0, "model_difficulty": {"DeepSeek-R1-Distill-Qwen-7B": 3}},
        },
        {"prompt": PAIR[:1], "reward_model": {"ground_truth": '["2", "3"]'}},
    ),
    "skywork-or1-code": (
        {
            "data_source": "train-code",
            "prompt": [{"role": "user", "content": "Double it."}],
            "reward_model": {"ground_truth": json.dumps({"inputs": ["3\n"], "outputs": ["6\n"]})},
            "extra_info": {"model_difficulty": {"DeepSeek-R1-Distill-Qwen-7B": 3}},
        },
        {"prompt": PAIR[:1], "reward_model": {"ground_truth": "{}"}},
    ),
    "deepcoder": (
        {"problem": "Double it.", "solutions": [DOUBLE], "tests": json.dumps(STDIO)},
        {"problem": "x", "solutions": [DOUBLE], "tests": "[]"},
    ),
    "deepcoder-taco": (
        {"problem": "Double it.", "solutions": [DOUBLE], "tests": json.dumps({"inputs": ["3\n"], "outputs": ["6\n"]})},
        {"problem": "x", "solutions": [DOUBLE], "tests": "no"},
    ),
    "deepcoder-livecodebench": (
        {
            "problem": "Double it.",
            "starter_code": "class Solution:",
            "tests": json.dumps([{"input": "3", "output": "6", "testtype": "functional", "metadata": {"func_name": "double"}}]),
        },
        {"problem": "x", "starter_code": "", "tests": "[{}, 1]"},
    ),
    "verifiable-coding-problems": (
        {
            "problem_id": "vcb_1",
            "source": "apps",
            "problem_statement": "Double it.",
            "gold_standard_solution": DOUBLE,
            "verification_info": {"language": "python", "test_cases": STDIO},
        },
        {"problem_statement": "x", "gold_standard_solution": DOUBLE, "verification_info": {"test_cases": []}},
    ),
    "leetcode": (
        {
            "task_id": "double",
            "query": "Double it.",
            "prompt": "import math\n",
            "completion": "class Solution:\n    def double(self, x):\n        return 2 * x",
            "entry_point": "Solution().double",
            "test": "def check(candidate):\n    assert candidate(2) == 4\n",
            "difficulty": "Easy",
        },
        {"task_id": "x", "query": "x", "entry_point": None, "test": None},
    ),
    "rlvr-ifeval": (
        {"messages": PAIR[:1], "ground_truth": '{"func_name": "validate_no_commas", "N": null}', "constraint_type": "No Commas"},
        {"messages": PAIR[:1], "ground_truth": '{"func_name": "validate_word_constraint", "N": 9, "quantifier": "around"}'},
    ),
    "rlvr-ifeval-chat": ({"messages": PAIR[:1]}, {"messages": None}),
    "ifeval-like": (
        {"prompt": "Say hello.", "response": "Hello there", "instruction_id_list": ["punctuation:no_comma"], "kwargs": "[{}]"},
        {"prompt": "x", "response": "x", "instruction_id_list": None, "kwargs": "[]"},
    ),
    "toolace": (
        {
            "system": f"Here is a list of functions in JSON format that you can invoke:\n{json.dumps([TOOL])}.",
            "conversations": [
                {"from": "user", "value": "A taxi to Bern"},
                {"from": "assistant", "value": '[Find Taxi(to="Bern")]'},
            ],
        },
        {"system": "No tools.", "conversations": [{"from": "user", "value": "x"}, {"from": "assistant", "value": "y"}]},
    ),
    "xlam": (
        {
            "id": 1,
            "query": "A taxi to Bern",
            "tools": json.dumps([TOOL]),
            "answers": '[{"name": "Find Taxi", "arguments": {"to": "Bern"}}]',
        },
        {"id": 2, "query": "x", "tools": "[", "answers": "[]"},
    ),
    "toolrl": (TOOLRL, {**TOOLRL, "output": TOOLRL["output"].replace('"to"', '"destination"')}),
    "skywork-preferences": (
        {"chosen": PAIR, "rejected": [PAIR[0], {"role": "assistant", "content": "3"}], "source": "magpie"},
        {"chosen": PAIR[:1], "rejected": PAIR, "source": "magpie"},
    ),
    "helpsteer3-chat": (
        {"domain": "general", "language": "english", "context": PAIR[:1], "response1": "2", "response2": "3"},
        {"domain": "general", "language": "english", "context": None, "response1": "2", "response2": "3"},
    ),
    "helpsteer3": (
        {
            "domain": "general",
            "language": "english",
            "context": PAIR[:1],
            "response1": "2",
            "response2": "3",
            "overall_preference": -2,
        },
        {
            "domain": "stem",
            "language": "english",
            "context": PAIR[:1],
            "response1": "2",
            "response2": "2",
            "overall_preference": 0,
        },
    ),
}


def source(name):
    value = resolve({"curate": {"sources": [{"use": name}]}}, "x")["curate"]["sources"][0]
    return TypeAdapter(Source).validate_json(json.dumps({**value, "max_malformed": 0.5}))


def read(monkeypatch, tmp_path, name, rows):
    import datasets

    wanted = source(name)
    if wanted.type == "file":
        (tmp_path / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        return sources.read(wanted.model_copy(update={"path": str(tmp_path / "rows.json")}), 1, 0.0)
    found = datasets.IterableDataset.from_generator(lambda: iter(rows))
    monkeypatch.setattr(datasets, "load_dataset", lambda *_args, **_options: found)
    return sources.read(wanted, 1, 0.0)


def test_every_set_has_its_rows_here():
    assert set(ROWS) == set(known())


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_good_row_is_mapped_and_a_bad_one_is_set_aside(monkeypatch, tmp_path, name):
    good, bad = ROWS[name]
    rows, malformed = read(monkeypatch, tmp_path, name, [good, bad])
    assert (len(rows), len(malformed)) == (1, 1)
    assert schema.fault(rows[0]) is None
    assert json.loads(rows[0]["metadata"])["licence"] == source(name).licence


CHECKED = sorted(set(ROWS) - {"skywork-or1-code", "deepcoder-livecodebench"})


@pytest.mark.parametrize("name", CHECKED)
def test_the_gold_of_the_good_row_verifies(monkeypatch, tmp_path, name):
    rows, _ = read(monkeypatch, tmp_path, name, [ROWS[name][0]])
    with gold.Golds(1) as golds:
        kept, dropped = gold.check(rows, golds)
    assert (len(kept), dropped) == (1, [])


@pytest.mark.parametrize("name", ["skywork-or1-code", "deepcoder-livecodebench"])
def test_sets_without_solutions_are_dropped_saying_so(monkeypatch, tmp_path, name):
    rows, _ = read(monkeypatch, tmp_path, name, [ROWS[name][0]])
    with gold.Golds(1) as golds:
        dropped = gold.check(rows, golds)[1]
    assert [reason for _, reason in dropped] == ["no reference solution: map it to metadata.solution"]


def test_a_set_of_several_domains_gives_each_row_its_own(monkeypatch, tmp_path):
    rows = [{**ROWS["openthoughts3"][0], "domain": domain} for domain in ("math", "code", "science")]
    assert [row["domain"] for row in read(monkeypatch, tmp_path, "openthoughts3", rows)[0]] == ["math", "code", "chat"]


@pytest.mark.parametrize("name", ["openthoughts3", "mixture-of-thoughts-math", "mixture-of-thoughts-code"])
def test_traces_of_sets_without_a_gold_are_dropped_unless_kept_on_purpose(monkeypatch, tmp_path, name):
    rows, _ = read(monkeypatch, tmp_path, name, [ROWS[name][0]])
    assert verifiability.reason(rows[0]).startswith("no_verifier: ")
    assert verifiability.reason(rows[0], ["proof"]).startswith("no_verifier: ")
    assert verifiability.reason(rows[0], ["no_verifier"]) is None


@pytest.mark.parametrize("name", sorted(name for name in ROWS if source(name).type == "hub"))
def test_without_a_hub_each_fails_with_one_clear_line(monkeypatch, name):
    import datasets.config
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    wanted = source(name)
    with pytest.raises(UserError) as caught:
        sources.read(wanted, 1, 0.0)
    text = str(caught.value)
    assert f"curate.sources.{name}: the data set {wanted.id} at revision {wanted.revision} could not be read" in text
    assert "\n" not in text
