"""The whole stage: tables, account, determinism, and nothing held out left in training."""

import json
import shutil
from itertools import pairwise

import pyarrow.parquet as pq
import pytest
from data_helpers import curated

from openqwq.artifacts.files import read_table
from openqwq.artifacts.manifest import describe, read_manifest
from openqwq.artifacts.schemas import CONTAMINATION, FUNNEL, PREFERENCE, PROBLEM, REJECTED, TRACE
from openqwq.config.evaluate import Benchmark
from openqwq.data.normalise import tokens
from openqwq.data.steps.keys import prompt_text
from openqwq.errors import UserError

SUMS = {"task": "chain_sum", "params": {"min_terms": 2, "max_terms": 2, "max_digits": 1}}
CONFIG = {
    "sources": [
        {"type": "reasoning_gym", "name": "sums", "role": "problems", "size": 60, **SUMS},
        {"type": "reasoning_gym", "name": "sum-traces", "role": "traces", "size": 60, **SUMS},
        {"type": "builtin", "name": "functions", "role": "problems", "generator": "code_functions", "size": 30},
        {"type": "builtin", "name": "function-traces", "role": "traces", "generator": "code_functions", "size": 10},
        {"type": "builtin", "name": "writing", "role": "problems", "generator": "instructions", "size": 20},
        {"type": "builtin", "name": "writing-traces", "role": "traces", "generator": "instructions", "size": 20},
        {"type": "builtin", "name": "calls", "role": "problems", "generator": "tool_calls", "size": 20},
        {"type": "builtin", "name": "call-traces", "role": "traces", "generator": "tool_calls", "size": 20},
        {"type": "builtin", "name": "pairs", "role": "preferences", "generator": "preferences", "size": 40},
    ],
    "held_out": {"math": 15, "code": 5, "instruction": 5, "tool": 5, "traces": 10, "preferences": 10},
}
HUMANEVAL = Benchmark(name="humaneval", limit=5)
TABLES = {
    "problems/train": PROBLEM,
    "traces/train": TRACE,
    "traces/eval": TRACE,
    "preferences/train": PREFERENCE,
    "preferences/eval": PREFERENCE,
    "benchmarks/math": PROBLEM,
    "benchmarks/code": PROBLEM,
    "benchmarks/instruction": PROBLEM,
    "benchmarks/tool": PROBLEM,
    "benchmarks/humaneval": PROBLEM,
    "rejected": REJECTED,
    "contamination": CONTAMINATION,
    "funnel": FUNNEL,
}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    return curated(tmp_path_factory.mktemp("run"), CONFIG, [HUMANEVAL])


def table(folder, name):
    return read_table(folder / f"{name}.parquet", TABLES[name]).to_pylist()


TRACE = "<think>\nTwo and two are four, as counting shows.\n</think>\n\n\\boxed{4}"


@pytest.mark.parametrize(("keep", "traces"), [([], 0), (["no_verifier"], 1)])
def test_traces_that_nothing_can_verify_are_dropped_unless_kept_on_purpose(tmp_path, keep, traces):
    (tmp_path / "d.jsonl").write_text(json.dumps({"q": "What is two plus two?", "c": TRACE}) + "\n")
    source = {"name": "bare", "type": "file", "role": "traces", "domain": "math", "path": str(tmp_path / "d.jsonl")}
    sums = {"name": "sums", "type": "reasoning_gym", "role": "problems", "task": "chain_sum", "size": 3}
    sources = [sums, source | {"fields": {"prompt": "q", "completion": "c"}}]
    folder = curated(tmp_path, {"sources": sources, "keep": keep, "trace_filters": {}})
    assert len(table(folder, "traces/train")) == traces
    reasons = [(row["step"], row["reason"].split(":")[0]) for row in table(folder, "rejected") if row["role"] == "traces"]
    assert reasons == [("verifiability", "no_verifier")] * (1 - traces)


def bag(row):
    return " ".join(sorted(tokens(row["messages"][0]["content"])))


def test_every_table_is_there_and_no_other(published):
    assert {str(p.relative_to(published)).removesuffix(".parquet") for p in published.rglob("*.parquet")} == set(TABLES)
    assert read_manifest(published)["stage"] == "curate"
    for name in TABLES:
        if name not in ("contamination",):
            assert table(published, name), name


def test_as_many_as_configured_are_held_out(published):
    sizes = {name: len(table(published, name)) for name in TABLES}
    held_out = {"math": 15, "code": 5, "instruction": 5, "tool": 5}
    assert {name: sizes[f"benchmarks/{name}"] for name in held_out} == held_out
    assert (sizes["traces/eval"], sizes["preferences/eval"], sizes["benchmarks/humaneval"]) == (10, 10, 5)


def test_held_out_prompts_are_nowhere_in_training(published):
    held_out = {
        row["messages"][0]["content"]
        for name in ("math", "code", "instruction", "tool", "humaneval")
        for row in table(published, f"benchmarks/{name}")
    }
    for name in ("problems/train", "traces/train", "traces/eval", "preferences/train", "preferences/eval"):
        assert not held_out & {row["messages"][0]["content"] for row in table(published, name)}
    steps = {row["step"] for row in table(published, "rejected")}
    assert "held_out" in steps  # with sums of single digits the sources do meet, so the step had work to do


def test_no_held_out_tool_problem_shares_its_call_with_training(published):
    held_out = {row["reference"] for row in table(published, "benchmarks/tool")}
    for name in ("problems/train", "traces/train", "traces/eval"):
        assert not held_out & {row["reference"] for row in table(published, name) if row["verifier"] == "tool_call"}


def test_no_held_out_sum_is_trained_in_another_order(published):
    held_out = {bag(row) for row in table(published, "benchmarks/math")}
    for name in ("problems/train", "traces/train", "traces/eval"):
        assert not held_out & {bag(row) for row in table(published, name) if row["domain"] == "math"}
    assert "reordered" in {row["rule"] for row in table(published, "contamination")}


def test_train_and_eval_share_no_prompt(published):
    for role in ("traces", "preferences"):
        train, held_out = ({prompt_text(row)[0] for row in table(published, f"{role}/{part}")} for part in ("train", "eval"))
        assert not train & held_out


def test_the_funnel_accounts_for_every_row(published):
    funnel, rejected = table(published, "funnel"), table(published, "rejected")
    for source in CONFIG["sources"]:
        steps = [entry for entry in funnel if entry["source"] == source["name"]]
        assert steps[0]["step"] == "read"
        for before, after in pairwise(steps):
            assert before["rows_out"] == after["rows_in"]
        for entry in steps:
            lost = [r for r in rejected if (r["source"], r["step"]) == (source["name"], entry["step"])]
            if entry["step"] != "split":
                assert entry["rows_in"] - entry["rows_out"] == len(lost)
    kept = sum(entry["rows_out"] for entry in funnel if entry["role"] == "problems" and entry["step"] == "held_out")
    assert kept == len(table(published, "problems/train"))


def test_rejected_rows_can_be_read_again(published):
    for entry in table(published, "rejected"):
        assert entry["reason"]
        assert json.loads(entry["row"])["id"] == entry["id"]


def test_contamination_names_what_was_dropped(published):
    dropped = {row["id"] for row in table(published, "rejected") if row["step"] in ("decontaminate", "held_out")}
    assert {row["id"] for row in table(published, "contamination")} == dropped


def test_the_same_seed_gives_the_same_bytes(published, tmp_path):
    again = curated(tmp_path, CONFIG, [HUMANEVAL])
    same = {name: output.sha256 for name, output in describe(published).items() if name.endswith(".parquet")}
    other = {name: output.sha256 for name, output in describe(again).items() if name.endswith(".parquet")}
    assert {name for name in same if same[name] != other[name]} <= {"funnel.parquet"}  # which holds seconds
    funnels = [pq.read_table(folder / "funnel.parquet").drop_columns("seconds") for folder in (published, again)]
    assert funnels[0].equals(funnels[1])


def test_another_seed_gives_other_rows(published, tmp_path):
    other = curated(tmp_path, CONFIG | {"check_gold": False}, seed=2)
    assert {r["id"] for r in table(published, "problems/train")} != {r["id"] for r in table(other, "problems/train")}


def small(path, rows, **values):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"type": "file", "name": "mine", "role": "problems", "domain": "math", "verifier": "math", "path": str(path)}
    return {"sources": [source | {"fields": {"prompt": "q", "answer": "a"}} | values]}


def test_a_planted_leak_of_a_benchmark_is_found(tmp_path):
    from openqwq.evaluate.benchmarks import load

    leak = load(Benchmark(name="humaneval"))[100]["messages"][0]["content"]  # not in the slice that is evaluated
    rows = [{"q": leak.upper().replace(" ", "  "), "a": "1"}, {"q": "What is 2 + 2?", "a": "4"}]
    folder = curated(tmp_path, small(tmp_path / "d.jsonl", rows), [HUMANEVAL])
    assert [row["messages"][0]["content"] for row in table(folder, "problems/train")] == ["What is 2 + 2?"]
    (found,) = table(folder, "contamination")
    assert (found["benchmark"], found["rule"]) == ("humaneval", "exact")


def test_roles_that_nobody_configured_are_empty_tables(tmp_path):
    folder = curated(tmp_path, small(tmp_path / "d.jsonl", [{"q": "What is 2 + 2?", "a": "4"}]))
    for name in ("traces/train", "traces/eval", "preferences/train", "preferences/eval", "rejected", "contamination"):
        assert table(folder, name) == []


def test_malformed_rows_and_rows_without_gold_are_set_aside(tmp_path):
    config = small(tmp_path / "d.jsonl", [{"q": "What is 2 + 2?", "a": "4"}, {"q": "And 3 + 3?", "a": None}])
    with open(tmp_path / "d.jsonl", "ab") as handle:
        handle.write(b'{"q": "broken \xff\n')
    folder = curated(tmp_path, config | {"max_malformed": 0.7})
    path = tmp_path / "d.jsonl"
    assert [(r["step"], r["reason"].split(": ")[:2], r["id"]) for r in table(folder, "rejected")] == [
        ("read", ["no gold", f"{path}, line 2"], None),
        ("read", ["malformed", f"{path}, line 3"], None),
    ]
    (first, *_) = table(folder, "funnel")
    assert (first["step"], first["rows_in"], first["rows_out"]) == ("read", 3, 1)


@pytest.mark.parametrize(
    ("rows", "values", "says"),
    [
        ([{"q": "What?", "a": None}, {"q": "x", "a": ""}], {"max_malformed": 1.0}, "2 of the source 'mine', because: no gold"),
        ([{"q": "x" * 9000, "a": "1"}], {}, "prompt too long"),
        ([{"q": "What is 2 + 2?", "a": "4"}], {"held_out": {"math": 1}}, "held out for evaluation"),
    ],
)
def test_nothing_left_to_train_on(tmp_path, rows, values, says):
    with pytest.raises(UserError, match="empty dataset") as caught:
        curated(tmp_path, small(tmp_path / "d.jsonl", rows) | values)
    assert says in str(caught.value)
    assert not (tmp_path / "curate").exists()


def test_no_source_of_problems(tmp_path):
    with pytest.raises(UserError, match="no source with the role problems"):
        curated(tmp_path, {"sources": [CONFIG["sources"][1]], "check_gold": False})


def test_a_failure_leaves_the_published_folder_as_it_was(published, tmp_path):
    shutil.copytree(published, tmp_path / "curate")
    before = describe(tmp_path / "curate")
    with pytest.raises(UserError):
        curated(tmp_path, small(tmp_path / "d.jsonl", [{"q": "x", "a": None}]))
    assert describe(tmp_path / "curate") == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
