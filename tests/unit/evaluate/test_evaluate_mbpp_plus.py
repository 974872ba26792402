"""MBPP+: inputs with the types that their tests mean, and the canonical solutions as oracle."""

import json

import pytest

from openqwq.config.evaluate import Benchmark
from openqwq.errors import UserError
from openqwq.evaluate.benchmarks import load
from openqwq.evaluate.benchmarks.mbpp_inputs import restored
from openqwq.verify import Item, VerifierPool

ONE = {
    "task_id": "Mbpp/250",
    "prompt": '"""\nCount x in a tuple.\n"""\n',
    "entry_point": "count_X",
    "canonical_solution": "def count_X(tup, x):\n    return tup.count(x) + 0.0\n",
    "base_input": [[[1, 2, 1], 1]],
    "plus_input": [[[], 3]],
    "atol": 0,
}


def rows_of(tmp_path, **changes):
    (tmp_path / "rows.jsonl").write_text(json.dumps(ONE | changes), encoding="utf-8")
    return load(Benchmark(name="mbpp_plus", path=str(tmp_path / "rows.jsonl")))


def all_judged(rows, completions):
    items = [Item(r["id"], r["verifier"], r["reference"], c) for r, c in zip(rows, completions, strict=True)]
    with VerifierPool(2) as pool:
        return [judged.verdict.outcome for judged in pool.judge(items)]


def test_a_task_without_inputs_is_named(tmp_path):
    assert len(rows_of(tmp_path, plus_input={})) == 1
    with pytest.raises(UserError, match="Mbpp/250: there are no inputs"):
        rows_of(tmp_path, base_input=[], plus_input={})


def test_mbpp_plus_gives_the_types_that_json_cannot_hold_and_rejects_other_answers(tmp_path):
    row = rows_of(tmp_path)[0]
    assert "[[(1, 2, 1), 1], [(), 3]]" in json.loads(row["reference"])["tests"]
    answers = ("lambda t, x: t.count(x)", "lambda t, x: t.count(x) + 1e-9", "lambda t, x: t.count(x) + 1e-3", "lambda t, x: None")
    completions = [f"```python\ncount_X = {answer}\n```" for answer in answers]
    assert all_judged([row] * 4, completions) == ["correct", "correct", "incorrect", "incorrect"]


@pytest.mark.parametrize(
    ("task", "given", "meant"),
    [
        (2, [[1, 2], [3]], [(1, 2), (3,)]),
        (63, [[[1, 2], [3]]], [[(1, 2), (3,)]]),
        (75, [[[1], [2]], 3], [[(1,), (2,)], 3]),
        (106, [[1], [2]], [[1], (2,)]),
        (307, [[1, [2]], 0, 5], [(1, [2]), 0, 5]),
        (259, [[[1], [2]], [[3]]], [((1,), (2,)), ((3,),)]),
        (278, [[1, [2, 3], 4]], [(1, (2, 3), 4)]),
        (722, [{"a": [1, 2]}, 3, 4], [{"a": (1, 2)}, 3, 4]),
        (115, [[[1, 2], []]], [[{1, 2}, {}]]),
        (124, ["1.0", "2j"], [1.0, 2j]),
        (252, ["1+2j"], [1 + 2j]),
        (580, [[1, [2, [3]]]], [(1, (2, (3,)))]),
        (3, [[1], [2]], [[1], [2]]),
    ],
)
def test_mbpp_plus_inputs(task, given, meant):
    assert restored(task, [given]) == [meant]


def test_inputs_that_no_sandbox_can_take_are_left_out():
    assert restored(599, [[100_000_000], [100_000_007], [99_999_992], [1_000_008], [True]]) == [
        [100_000_007],
        [99_999_992],
        [1_000_008],
        [True],
    ]
    assert restored(255, [[["A", "B"], 3], [["A", "B", "C"], 2000]]) == [[["A", "B"], 3]]


@pytest.mark.real_data
@pytest.mark.slow
def test_every_mbpp_plus_solution_is_correct_and_every_stub_is_not(real_data):
    rows = load(Benchmark(name="mbpp_plus", path=str(real_data / "mbpp_plus.jsonl.gz")))
    golds = all_judged(rows, [f"```python\n{json.loads(row['metadata'])['solution']}\n```" for row in rows])
    assert [json.loads(r["metadata"])["task_id"] for r, o in zip(rows, golds, strict=True) if o != "correct"] == []
    stubs = [f"```python\ndef {json.loads(row['reference'])['entry_point']}(*_):\n    return None\n```" for row in rows]
    found = all_judged(rows, stubs)
    assert [json.loads(r["metadata"])["task_id"] for r, o in zip(rows, found, strict=True) if o != "incorrect"] == []
