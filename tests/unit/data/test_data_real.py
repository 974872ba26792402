"""Public data sets, mapped as a configuration would map them."""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml
from data_helpers import make_source

from openqwq.config.curate import TraceFilters
from openqwq.config.evaluate import Benchmark
from openqwq.config.registry import resolve
from openqwq.data import sources
from openqwq.data.filters import traces
from openqwq.data.steps import decontaminate, gold, schema
from openqwq.data.steps.keys import prompt_text
from openqwq.evaluate.benchmarks import load

pytestmark = pytest.mark.real_data

SOURCES = yaml.safe_load(r"""
gsm8k:
  type: file
  path: gsm8k_train.jsonl
  licence: MIT
  domain: math
  verifier: math
  fields:
    prompt: question
    answer: {column: answer, regex: '#### (.+)$'}
  prompt_suffix: "\nPut the final answer in \\boxed{}."
math:
  type: file
  path: math_train.json
  licence: MIT
  domain: math
  verifier: math
  fields:
    prompt: problem
    answer: answer
    metadata.level: difficulty
    metadata.subject: type
  prompt_suffix: "\nPut the final answer in \\boxed{}."
leetcode:
  type: file
  path: leetcode_train.jsonl.gz
  licence: MIT
  domain: code
  verifier: code
  fields:
    prompt: query
    reference.language: {const: python}
    reference.style: {const: check}
    reference.entry_point: entry_point
    reference.setup: prompt
    reference.tests: test
    metadata.solution: completion
    metadata.level: meta.difficulty
    id: task_id
mbpp:
  type: file
  path: mbpp.jsonl
  licence: CC-BY-4.0
  domain: code
  verifier: code
  fields:
    prompt: {template: "{text}\nYour code must pass this test:\n{test_list.0}"}
    asserts: test_list
    reference.setup: test_setup_code
    metadata.solution: code
    id: task_id
preferences:
  type: file
  path: dpo_en_demo.json
  licence: Apache-2.0
  role: preferences
  domain: chat
  fields:
    messages: conversations
    chosen: chosen
    rejected: rejected
""")


def read(folder: Path, name: str):
    values = SOURCES[name]
    rows, malformed = sources.read(make_source(name=name, **{**values, "path": str(folder / values["path"])}), 1, 0.01)
    reasons = [schema.fault(row) for row in rows]
    kept = [row for row, reason in zip(rows, reasons, strict=True) if reason is None]
    return kept, [m.kind for m in malformed], [reason for reason in reasons if reason]


def judged(rows):
    with gold.Golds(workers=2) as golds:
        return gold.check(rows, golds)


def test_gsm8k(real_data):
    rows, malformed, dropped = read(real_data, "gsm8k")
    assert (len(rows), malformed, dropped) == (7473, [], [])
    assert rows[0]["reference"] == '{"answer": "72"}'
    kept, bad = judged(rows[:120])
    assert (len(kept), bad) == (120, [])


def test_math(real_data):
    rows, malformed, dropped = read(real_data, "math")
    assert len(rows) == 7470
    assert malformed == ["no gold"] * 4  # two null and two empty answers
    assert dropped == []
    kept, _ = judged(rows[:150])
    assert len(kept) >= 147


def test_leetcode(real_data):
    rows, malformed, dropped = read(real_data, "leetcode")
    assert (len(rows), malformed, dropped) == (1570, [], [])
    kept, bad = judged(rows[:60])
    assert len(kept) >= 58, bad


def test_mbpp(real_data):
    rows, malformed, dropped = read(real_data, "mbpp")
    assert len(rows) == 972
    assert len(malformed) == 2  # tests that also build objects of classes of their own
    assert dropped == []
    kept, bad = judged(rows[:60])
    assert len(kept) >= 59, bad


def test_toolrl(real_data):
    value = resolve({"curate": {"sources": [{"use": "toolrl", "path": str(real_data / "toolrl_sft.json")}]}}, "x")
    rows, malformed = sources.read(make_source(**value["curate"]["sources"][0]), 1, 0.01)
    assert Counter(m.kind for m in malformed) == {"a call that no tool knows": 9, "malformed": 1}
    assert "two tools of one name" in next(m.reason for m in malformed if m.kind == "malformed")
    assert len(rows) == 390
    assert [schema.fault(row) for row in rows if schema.fault(row)] == []
    kinds = Counter(len(json.loads(row["reference"])["calls"]) for row in rows)
    assert kinds[0] == 54  # an answer in words
    assert sum(row["messages"][-1]["role"] == "tool" for row in rows) == 19
    with gold.Golds(workers=2) as golds:
        assert len(gold.check(rows, golds)[0]) == 390
        kept, dropped = traces.check(rows, TraceFilters(), golds)
        assert (len(kept), [reason.split(":")[0] for _, reason in dropped]) == (389, ["mixed language"])  # it quotes Japanese
        tampered = [{**row, "completion": other} for row in rows if (other := changed(row["completion"])) != row["completion"]]
        assert len(tampered) == 390
        kept, dropped = traces.check(tampered, TraceFilters(languages=["en", "ja"]), golds)
        assert kept == []
        assert {reason.split(":")[0] for _, reason in dropped} == {"wrong answer"}


def changed(completion):
    """A trace with another call: one function's name altered, or a call where there was none."""
    if "<tool_call>\n{" in completion:
        head, call, rest = completion.rpartition('<tool_call>\n{"name": "')
        return f"{head}{call}un{rest}"
    return completion + '\n<tool_call>\n{"name": "search", "arguments": {}}\n</tool_call>'


def test_preferences(real_data):
    rows, malformed, dropped = read(real_data, "preferences")
    assert (len(rows), malformed, dropped) == (300, [], [])
    assert {message["role"] for row in rows for message in row["chosen"] + row["rejected"]} == {"assistant"}
    assert all(row["messages"][-1]["role"] == "user" for row in rows)
    assert len({prompt_text(row)[0] for row in rows}) == 295


def test_few_clean_rows_are_lost_to_decontamination_and_no_planted_one_stays(real_data):
    rows, _, _ = read(real_data, "math")
    bench = load(Benchmark(name="math500", path=str(real_data / "math500.jsonl")))
    index = decontaminate.Evaluations({"math500": bench}, 13)
    kept, dropped, _ = decontaminate.check(rows, index)
    assert len(dropped) < 0.02 * len(rows)
    planted = []
    for at, row in enumerate(json.loads(line) for line in (real_data / "math500.jsonl").read_text().split("\n") if line):
        text = row["problem"]
        variant = (text, text.upper(), "  ".join(text.split(" ")), text.replace("$", " $ "))[at % 4]
        planted.append({**rows[0], "messages": [{"role": "user", "content": variant + "\nPut the final answer in \\boxed{}."}]})
    assert len(planted) == 500
    assert decontaminate.check(planted, index)[0] == []
    assert len(kept) > 7300
