"""Broken values cost their row, whatever they are: nothing that a row holds ends curation in a traceback."""

import json
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from data_helpers import make_source
from hypothesis import given, settings
from hypothesis import strategies as st

from openqwq.config.curate import Take
from openqwq.data import sources
from openqwq.data.ledger import ledger
from openqwq.data.rows import make_row, prompt
from openqwq.data.sources.mapping import Mapping
from openqwq.data.sources.unreadable import Unreadable
from openqwq.data.steps import length, schema
from openqwq.data.steps.decontaminate import Evaluations, check
from openqwq.data.steps.golds import NoTrial, trial
from openqwq.data.steps.keys import keys
from openqwq.data.steps.registry import each
from openqwq.errors import UserError

KEYS = ["role", "from", "content", "value", "name", "arguments", "calls", "style", "tests", "entry_point", "answer", "solution"]
KEYS += ["instruction_id_list", "kwargs", "forbidden_words", "setup", "args", "expected", "language"]
WORDS = ["user", "assistant", "tool", "check", "call", "stdio", "", "f", "keywords:forbidden_words", "\ud800", "<|im_end|>"]
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WORDS)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4), max_leaves=12
)
MESSAGE = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "system"]) | JSON, "content": st.text() | JSON})
CALLS = st.fixed_dictionaries({"calls": st.lists(st.fixed_dictionaries({"name": JSON, "arguments": JSON}) | JSON) | JSON})
RULES = st.fixed_dictionaries({"instruction_id_list": st.just(["x"]) | JSON, "kwargs": st.lists(JSON, max_size=2) | JSON})
CODE = st.fixed_dictionaries({"style": st.sampled_from(["stdio", "call", "check"]) | JSON, "tests": JSON, "entry_point": JSON})
ANSWER = st.fixed_dictionaries({"answer": JSON})
REFERENCE = JSON | CALLS | RULES | CODE | ANSWER
ROLES = {"problems": [], "traces": ["completion"], "preferences": ["chosen", "rejected"]}
INDEX = Evaluations({"bench": [make_row("b", "math", prompt("Compute $3 + 4$ with care."), reference={"answer": "7"})]}, 13)


def through(raw, role, verifier):
    """One raw row from a file through the steps up to the trial of its gold."""
    fields = {name: name for name in ("messages", "reference", "tools", *ROLES[role])} | {"metadata.solution": "solution"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "d.jsonl"
        plain = dict.fromkeys(raw, "x")  # a row that has every column, so that none counts as a slip in the mapping
        path.write_text(json.dumps(raw) + "\n" + json.dumps(plain) + "\n")
        values = {"type": "file", "path": str(path), "domain": "math", "verifier": verifier, "fields": fields, "role": role}
        rows, malformed = sources.read(make_source(**values), 1, 1.0)
    with tempfile.TemporaryDirectory() as made, ledger(Path(made)) as account:
        places = {id(row): at for at, row in enumerate(rows)}
        account.unreadable(role, "source", [(len(rows) + at, row) for at, row in enumerate(malformed)])
        rows = account.apply(role, "source", "schema", rows, each(schema.fault), places)
        rows = account.apply(role, "source", "length", rows, each(lambda row: length.fault(row, 8000)), places)
        if rows:
            assert keys(rows, [places[id(row)] for row in rows]).num_rows == len(rows)
    for row in check(rows, INDEX)[0]:
        if row["verifier"] is not None:
            with suppress(NoTrial):
                trial(row)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "messages": st.just(prompt("What is 3 + 4?")) | st.lists(MESSAGE, min_size=1, max_size=3) | JSON,
            "reference": REFERENCE,
            "tools": JSON,
            "solution": st.text() | JSON,
            "completion": st.text(min_size=1) | JSON,
            "chosen": st.lists(MESSAGE, max_size=2) | JSON,
            "rejected": st.text() | JSON,
        }
    ),
    st.sampled_from(sorted(ROLES)),
    st.sampled_from(["math", "code", "instructions", "tool_call", "choice"]),
)
def test_random_values_end_in_no_traceback(raw, role, verifier):
    through(raw, role, verifier)


def mapped(raw, fields, **values):
    source = {"type": "file", "path": "x.jsonl", "domain": "math", "verifier": None, "fields": fields, **values}
    return Mapping(make_source(**source)).row(raw)


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("fields", "raw", "says"),
    [
        ({"messages": "m"}, {"m": [{"role": ["user"], "content": "x"}]}, "unknown message role ['user']"),
        ({"messages": "m"}, {"m": [{"role": {}, "content": "x"}]}, "unknown message role {}"),
        ({"prompt": Take(column="q", regex="a(b)?")}, {"q": "a"}, "no match"),
        ({"prompt": Take(column="q", regex="(.*)")}, {"q": b"x"}, "cannot be written as text"),
        ({"prompt": Take(template="{q}")}, {"q": nested(5000)}, "cannot be written as text"),
        ({"prompt": "q", "tools": "t"}, {"q": "x", "t": nested(101)}, "nested more than 100 deep"),
        ({"prompt": "q", "metadata.m": "t"}, {"q": "x", "t": [{"a": nested(100)}]}, "nested more than 100 deep"),
        ({"prompt": "q", "asserts": "t"}, {"q": "x", "t": "assert f('\ud800')"}, "not readable as Python"),
        ({"prompt": "q", "asserts": "t"}, {"q": "x", "t": "assert f(\0)"}, "the tests are not"),
        ({"prompt": "q", "asserts": "t"}, {"q": "x", "t": "assert f(" + "-" * 50_000 + "1)"}, "the tests are not"),
    ],
)
def test_a_value_that_does_not_fit_costs_its_row(fields, raw, says):
    with pytest.raises(Unreadable) as caught:
        mapped(raw, fields)
    assert says in str(caught.value)


def test_what_is_nested_within_bounds_stays():
    assert json.loads(mapped({"q": "x", "t": nested(99)}, {"prompt": "q", "tools": "t"})["tools"]) == nested(99)


def test_a_deep_column_that_nobody_maps_does_no_harm(tmp_path):
    deep = "[" * 900 + "]" * 900
    (tmp_path / "d.jsonl").write_text(f'{{"q": "x", "n": {deep}}}\n{{"q": 5, "n": {deep}}}\n')
    source = make_source(type="file", path=str(tmp_path / "d.jsonl"), domain="math", fields={"prompt": "q"})
    rows, malformed = sources.read(source, 1, 0.5)
    assert (len(rows), len(malformed)) == (1, 1)
    assert "q, n" in malformed[0].raw or deep in malformed[0].raw


def test_a_json_array_with_a_number_of_too_many_digits_is_an_error_that_names_the_file(tmp_path):
    (tmp_path / "d.json").write_text('[{"q": ' + "9" * 5000 + "}]")
    with pytest.raises(UserError, match=r"d\.json: not readable as one JSON array"):
        sources.read(make_source(type="file", path=str(tmp_path / "d.json"), domain="math", fields={"prompt": "q"}), 1, 1.0)
