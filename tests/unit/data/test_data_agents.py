"""The generator `agents`, its traces, and the gold of rows whose verifier is an environment."""

import json

import pytest
from data_helpers import curated

from openqwq.agents.environments.orders import Orders
from openqwq.agents.feedback import LAST_TURN
from openqwq.agents.registry import ENVIRONMENTS
from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import PROBLEM, REJECTED, TRACE
from openqwq.config.curate import BuiltinSource
from openqwq.data.filters import trace_answer
from openqwq.data.rows import metadata_of
from openqwq.data.sources import builtin
from openqwq.data.sources.reading import Reading
from openqwq.data.steps import gold, schema
from openqwq.errors import UserError


def rows(role="problems", size=24, seed=1, **params):
    source = BuiltinSource(name="a", role=role, type="builtin", generator="agents", size=size, params=params)
    return list(builtin.rows(source, seed, Reading(0, 1)))


def judged(made):
    with gold.Golds(1) as golds:
        return gold.check(made, golds)


@pytest.mark.parametrize("role", ["problems", "traces"])
def test_generated_rows_pass_schema_and_gold(role):
    made = rows(role)
    assert {json.loads(row["reference"])["environment"] for row in made} == {"files", "orders", "python", "search"}
    assert [schema.fault(row) for row in made] == [None] * len(made)
    kept, dropped = judged(made)
    assert (len(kept), dropped) == (24, [])
    assert all(json.loads(row["tools"])[0]["type"] == "function" for row in made)


def test_a_trace_is_a_whole_conversation():
    for row in rows("traces", environments=["files", "search"]):
        assert row["completion"].startswith("<think>\n")
        assert "<tool_call>" not in row["completion"]
        assert row["turns"][0]["role"] == "assistant"
        assert row["turns"][-1]["role"] == "tool"
        assert all("<think>" in turn["content"] and "<tool_call>" in turn["content"] for turn in row["turns"][::2])
        assert not any("Error" in turn["content"] for turn in row["turns"])


def test_splits_have_nothing_in_common_and_levels_are_bounded():
    def prompts(split, seed):
        return {row["messages"][0]["content"] for row in rows(size=120, seed=seed, split=split, environments=["orders", "files"])}

    assert not (prompts("train", 1) | prompts("train", 2)) & (prompts("eval", 1) | prompts("eval", 3))
    easy = rows(size=30, max_level=1)
    assert all(len(json.loads(metadata_of(row)["solution"])) <= 3 for row in easy)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"environments": ["web"]}, "'web' is none of files, orders"),
        ({"environments": []}, "none is named"),
        ({"split": "test"}, "none of train, eval"),
        ({"max_level": 0}, "not from 1 to 4"),
        ({"size": 3}, "unknown key 'size'"),
    ],
)
def test_slips_in_params(params, message):
    source = BuiltinSource(name="a", role="problems", type="builtin", generator="agents", size=1, params=params)
    with pytest.raises(UserError, match=message):
        list(builtin.rows(source, 1, Reading(0, 1)))


def changed(row, **task):
    reference = json.loads(row["reference"])
    return row | {"reference": json.dumps({**reference, "task": {**reference["task"], **task}})}


def test_golds_that_cannot_be_right_are_dropped():
    (row,) = rows(size=1, environments=["files"])
    (trace,) = rows("traces", size=1, environments=["files"])
    start = json.loads(row["reference"])["task"]["files"]
    cases = {
        "the gold is judged incorrect: /!.txt is missing": changed(row, expected={**start, "/!.txt": "x"}),
        "doing nothing is not judged incorrect": changed(row, expected=start, folders=[])
        | {"metadata": json.dumps({"solution": json.dumps(["I see nothing to do."])})},
        "the gold cannot be scored: reference: task.files is missing or no dict": changed(row, files=None),
        "no reference solution: map a JSON list of turns to metadata.solution": row | {"metadata": "{}"},
        "the tools' answers in the trace are not what the environment answers": trace
        | {"turns": [turn | {"content": "forged"} if turn["role"] == "tool" else turn for turn in trace["turns"]]},
    }
    for reason, case in cases.items():
        kept, dropped = judged([case])
        assert (kept, [why for _, why in dropped]) == ([], [reason])


@pytest.mark.parametrize("role", ["problems", "traces"])
def test_a_solution_whose_tools_fail_is_dropped_with_their_own_reason(role, monkeypatch):
    class Failing(Orders):
        def _row(self, table, key):
            raise OSError("the database is gone")

        def _found(self, table, text, what):
            raise OSError("the database is gone")

    made = rows(role, 2, environments=["orders"])
    assert judged(made)[1] == []
    monkeypatch.setitem(ENVIRONMENTS, "orders", Failing)
    kept, dropped = judged(made)
    assert kept == []
    assert len(dropped) == 2
    assert all("the gold cannot be scored: tool: " in why and "the database is gone" in why for _, why in dropped), dropped


def test_a_trace_that_was_told_of_its_last_turn_is_what_the_environment_answers():
    (trace,) = rows("traces", size=1, environments=["files"])
    told = [dict(turn) for turn in trace["turns"]]
    told[-1]["content"] += LAST_TURN
    kept, dropped = judged([trace | {"turns": told}])
    assert (len(kept), dropped) == (1, [])


def test_a_note_of_the_last_turn_in_the_middle_is_no_answer_of_a_tool():
    trace = next(row for row in rows("traces", size=40, environments=["files"]) if len(row["turns"]) > 2)
    told = [dict(turn) for turn in trace["turns"]]
    told[1]["content"] += LAST_TURN
    kept, dropped = judged([trace | {"turns": told}])
    assert (kept, [why for _, why in dropped]) == ([], ["the tools' answers in the trace are not what the environment answers"])


def test_trace_filters_replay_a_trace():
    good, bad = rows("traces", size=2, environments=["files"])
    assert trace_answer.reasons([good, changed(bad, expected={})], None)[0] is None
    assert trace_answer.reasons([good, changed(bad, expected={})], None)[1].startswith("wrong answer: ")


@pytest.mark.parametrize("turns", [[], [("tool", "x")], [("assistant", "x")], [("assistant", "x"), ("user", "y")]])
def test_turns_of_another_order_are_dropped(turns):
    (row,) = rows("traces", size=1, environments=["files"])
    row["turns"] = [{"role": role, "content": content} for role, content in turns]
    assert "do not begin with the assistant's" in schema.fault(row)


def test_chat_markup_in_a_turn_is_dropped():
    (row,) = rows("traces", size=1, environments=["files"])
    row["turns"][1]["content"] += "<|im_end|>"
    assert schema.fault(row) == "chat markup in the text"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ({"environment": "web", "task": {"a": 1}}, "reference.environment is one of files, orders, python, search"),
        ({"environment": "files", "task": [1]}, "reference.task is an object"),
        ({"environment": "files"}, "reference.task is missing or empty"),
    ],
)
def test_a_reference_of_the_wrong_shape(reference, reason):
    (row,) = rows(size=1, environments=["files"])
    assert reason in schema.fault(row | {"reference": json.dumps(reference)})


def test_a_whole_curation(tmp_path):
    shared = {"type": "builtin", "generator": "agents", "params": {"environments": ["files", "orders", "search"]}}
    sources = [{**shared, "name": "p", "role": "problems", "size": 90}, {**shared, "name": "t", "role": "traces", "size": 60}]
    folder = curated(tmp_path, {"sources": sources, "held_out": {"traces": 5}, "trace_filters": {}})
    problems = read_table(folder / "problems" / "train.parquet", PROBLEM).to_pylist()
    traces = [row for part in ("train", "eval") for row in read_table(folder / "traces" / f"{part}.parquet", TRACE).to_pylist()]
    assert read_table(folder / "rejected.parquet", REJECTED).num_rows == 0
    assert (len(problems), len(traces)) == (90, 60)
    assert {row["domain"] for row in problems} == {"agent"}
    assert all(row["turns"] for row in traces)


def test_a_source_for_evaluation_gives_what_is_held_out_and_none_to_train_on(tmp_path):
    shared = {"type": "builtin", "generator": "agents", "role": "problems"}
    names = {"environments": ["files", "search"]}
    sources = [
        {**shared, "name": "train", "size": 20, "params": names},
        {**shared, "name": "eval", "size": 12, "params": {**names, "split": "eval"}, "held_out": True},
    ]
    folder = curated(tmp_path, {"sources": sources, "held_out": {"agent": 8}})
    held_out = read_table(folder / "benchmarks" / "agent.parquet", PROBLEM).to_pylist()
    assert [row["source"] for row in held_out] == ["eval"] * 8
    assert {row["source"] for row in read_table(folder / "problems" / "train.parquet", PROBLEM).to_pylist()} == {"train"}
    gone = read_table(folder / "rejected.parquet", REJECTED).to_pylist()
    assert [row["reason"] for row in gone if row["step"] == "split"] == ["its source is for evaluation alone"] * 4
