"""A gold of the wrong shape costs its row, not the run."""

import json

import pytest
from data_helpers import curated, file_source

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import PROBLEM, REJECTED
from openqwq.data import gold_shape

TOOL = {"calls": [{"name": "weather", "arguments": {"city": ["Rome"]}}]}
RULE = {"instruction_id_list": ["keywords:forbidden_words"], "kwargs": [{"forbidden_words": ["because"]}]}
CODE = {"style": "call", "entry_point": "f", "tests": [{"args": [1], "expected": 2}]}
GOOD = [
    ("math", {"answer": "1"}),
    ("instructions", RULE),
    ("instructions", {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [None]}),
    ("tool_call", TOOL),
    ("tool_call", {"calls": []}),
    ("choice", {"answer": "A", "options": ["x", "y"]}),
    ("code", CODE),
    ("code", {"style": "check", "entry_point": "f", "tests": "def check(candidate): ..."}),
    ("code", {"style": "stdio", "tests": [{"input": "", "output": "1"}]}),
]
BAD = [
    ("math", {"answer": 5}, "reference.answer is text"),
    ("math", {"answer": ["5"]}, "reference.answer is text"),
    ("instructions", RULE | {"kwargs": "y"}, "reference.kwargs is a list of objects"),
    ("instructions", RULE | {"kwargs": ["abc"]}, "each of reference.kwargs is an object"),
    ("instructions", RULE | {"kwargs": [{"forbidden_words": 5}]}, "forbidden_words in reference.kwargs is a list of texts"),
    ("instructions", RULE | {"kwargs": [{"forbidden_words": [5]}]}, "forbidden_words in reference.kwargs is a list of texts"),
    ("instructions", RULE | {"instruction_id_list": [["x"]]}, "reference.instruction_id_list is a list of texts"),
    ("instructions", RULE | {"instruction_id_list": "x"}, "reference.instruction_id_list is a list of texts"),
    ("choice", {"answer": 1, "options": ["x"]}, "reference.answer is a letter"),
    ("choice", {"answer": "A", "options": [1]}, "reference.options is a list of texts"),
    ("tool_call", {"calls": [1]}, "reference.calls is a list of objects"),
    ("tool_call", {"calls": {"name": "f", "arguments": {}}}, "reference.calls is a list of objects"),
    ("tool_call", {"calls": [{"name": "f", "arguments": [1]}]}, "the arguments of a call in reference.calls is an object"),
    ("tool_call", {"calls": [{"name": 3, "arguments": {}}]}, "the name of a call in reference.calls is text"),
    ("code", CODE | {"style": ["x"]}, "unknown style of reference: ['x']"),
    ("code", CODE | {"style": "x"}, "unknown style of reference: 'x'"),
    ("code", CODE | {"tests": "f(1) == 2"}, "reference.tests is a list of objects"),
    ("code", CODE | {"tests": [1]}, "reference.tests is a list of objects"),
    ("code", CODE | {"entry_point": 5}, "reference.entry_point is text"),
    ("code", CODE | {"style": "check"}, "reference.tests is text"),
]


@pytest.mark.parametrize(("verifier", "gold"), GOOD)
def test_a_good_gold(verifier, gold):
    assert gold_shape.fault(verifier, json.dumps(gold)) is None


@pytest.mark.parametrize("gold", ["5", "null", "[1]", '"x"'])
def test_a_reference_that_is_no_object(gold):
    found = gold_shape.fault("math", gold)
    assert found is not None
    assert found[0] == "the gold has the wrong shape"
    assert gold_shape.fault(None, gold) is None


@pytest.mark.parametrize(("verifier", "gold", "says"), BAD)
def test_a_gold_of_the_wrong_shape_is_a_rejected_row(tmp_path, verifier, gold, says):
    right = next(reference for name, reference in GOOD if name == verifier)
    rows = [{"q": "Do it.", "r": right}, {"q": "Do that.", "r": gold}]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = file_source(tmp_path / "d.jsonl", verifier=verifier, fields={"prompt": "q", "reference": "r"})
    checks = verifier not in ("code", "math")  # these start a sandbox or a library; the others show that the step is reached
    folder = curated(tmp_path, {"sources": [source.model_dump()], "max_malformed": 0.5, "check_gold": checks})
    assert len(read_table(folder / "problems" / "train.parquet", PROBLEM)) == 1
    (row,) = read_table(folder / "rejected.parquet", REJECTED).to_pylist()
    assert row["reason"].startswith(f"the gold has the wrong shape: {tmp_path}/d.jsonl, line 2: ")
    assert says in row["reason"]
