"""From somebody's columns to our rows."""

import json

import pytest
from data_helpers import make_source
from pydantic import ValidationError

from openqwq.config.curate import Take
from openqwq.data.sources.mapping import Mapping
from openqwq.data.sources.reading import Reading
from openqwq.data.sources.take import take
from openqwq.data.sources.unreadable import Unreadable
from openqwq.errors import UserError


def mapping(fields, **values):
    return Mapping(
        make_source(**{"type": "file", "path": "x.jsonl", "domain": "math", "verifier": None, "fields": fields, **values})
    )


RAW = {
    "q": "How many?",
    "solution": "First 2.\n#### 5\nThen more.\n#### 7",
    "nested": {"deep": [{"x": 1}, {"x": 2}]},
    "a.b": "dotted",
    "text_json": '{"k": [1, 2]}',
    "level": 3,
}


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("q", "How many?"),
        ("nested.deep.1.x", 2),
        ("nested.deep.-1.x", 2),
        ("nested.deep.5.x", None),
        ("nested.none.x", None),
        ("a.b", "dotted"),
        ("absent", None),
        (Take(column="solution", regex=r"#### (.+)$"), "7"),
        (Take(column="text_json", parse_json=True), {"k": [1, 2]}),
        (Take(template="{q} (level {level}, {nested.deep.0.x})"), "How many? (level 3, 1)"),
        (Take(const=["a"]), ["a"]),
    ],
)
def test_take(spec, value):
    assert take(RAW, spec) == value


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (Take(column="q", regex=r"#### (.+)"), "no match"),
        (Take(column="q", parse_json=True), "not JSON"),
        (Take(template="{q} {absent}"), "no value in column 'absent'"),
    ],
)
def test_take_refuses(spec, says):
    with pytest.raises(Unreadable, match=says):
        take(RAW, spec)


PAIR = {"prompt": "p", "chosen": "c", "rejected": "r"}


def test_all_targets_of_a_problem():
    fields = {
        "prompt": "q",
        "system": Take(const="Be brief."),
        "answer": Take(column="solution", regex="#### (.+)$"),
        "reference.unit": Take(const="apples"),
        "id": "level",
        "metadata.level": "level",
        "metadata.absent": "q2",
    }
    row = mapping(fields, verifier="math", prompt_suffix="\nBox it.", licence="MIT").row({**RAW, "q2": None})
    assert row["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "How many?\nBox it."},
    ]
    assert row["reference"] == '{"answer": "7", "unit": "apples"}'
    assert json.loads(row["metadata"]) == {"id": 3, "level": 3, "licence": "MIT"}
    assert len(row["id"]) == 16


def test_the_id_depends_on_source_prompt_and_reference_alone():
    fields = {"prompt": "q", "answer": "a", "metadata.m": "m"}
    rows = [mapping(fields, verifier="math").row(raw) for raw in ({"q": "x", "a": "1", "m": 1}, {"q": "x", "a": "1", "m": 2})]
    assert rows[0]["id"] == rows[1]["id"]
    others = [
        mapping(fields, verifier="math").row({"q": "x", "a": "2", "m": 1}),
        mapping(fields, verifier="math").row({"q": "y", "a": "1", "m": 1}),
        mapping(fields, verifier="math", name="other").row({"q": "x", "a": "1", "m": 1}),
    ]
    assert len({rows[0]["id"], *(row["id"] for row in others)}) == 4


def test_a_conversation_is_prompt_and_completion():
    turns = [
        {"from": "system", "value": "S"},
        {"from": "human", "value": "Q"},
        {"from": "gpt", "value": "A"},
    ]
    row = mapping({"messages": "conversations"}, role="traces").row({"conversations": turns})
    assert [m["role"] for m in row["messages"]] == ["system", "user"]
    assert row["completion"] == "A"
    assert "completion" not in mapping({"messages": "conversations"}).row({"conversations": turns})


def test_chosen_and_rejected_as_text_message_or_conversation():
    fields = {"prompt": "p", "chosen": "c", "rejected": "r"}
    whole = [{"role": "user", "content": "p"}, {"role": "assistant", "content": "good"}]
    for chosen in ("good", {"from": "gpt", "value": "good"}, whole, whole[1:]):
        row = mapping(fields, role="preferences", domain="chat").row({"p": "p", "c": chosen, "r": "bad"})
        assert row["chosen"] == [{"role": "assistant", "content": "good"}]
        assert row["rejected"] == [{"role": "assistant", "content": "bad"}]


@pytest.mark.parametrize(
    ("fields", "role", "raw", "says"),
    [
        ({"messages": "m"}, "problems", {"m": "text"}, "messages are a list"),
        ({"messages": "m"}, "problems", {"m": [{"role": "wizard", "content": "x"}]}, "unknown message role 'wizard'"),
        ({"messages": "m"}, "problems", {"m": [{"role": "user", "content": None}]}, "the content of a message is text"),
        ({"messages": "m"}, "traces", {"m": [{"role": "user", "content": "q"}]}, "no value for completion"),
        (PAIR, "preferences", {"p": "x", "c": "y", "r": None}, "no value for rejected"),
        (PAIR, "preferences", {"p": "x", "c": [{"role": "user", "content": "u"}], "r": "z"}, "does not end with an assistant"),
        ({"prompt": "p", "tools": "t"}, "problems", {"p": "x", "t": "[]"}, "tools are a list"),
        ({"prompt": "p", "reference": "t"}, "problems", {"p": "x", "t": "[]"}, "the reference is an object"),
    ],
)
def test_rows_that_do_not_fit(fields, role, raw, says):
    with pytest.raises(Unreadable, match=says):
        mapping(fields, role=role).row(raw)


@pytest.mark.parametrize("answer", [None, float("nan"), float("inf"), "", "  "])
@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "q", "answer": "a", "reference.unit": Take(const="x")},
        {"prompt": "q", "reference.answer": "a"},
        {"prompt": "q", "answer": Take(column="a", regex=r"^(.*)$")},
    ],
)
def test_a_missing_gold_is_a_row_without_gold(fields, answer):
    assert mapping(fields, verifier="math").row({"q": "x", "a": "1"})["reference"]
    with pytest.raises(Unreadable) as caught:
        mapping(fields, verifier="math").row({"q": "x", "a": answer})
    assert caught.value.kind == "no gold"


def test_without_a_verifier_no_gold_is_needed():
    assert mapping({"prompt": "q", "answer": "a"}).row({"q": "x", "a": None})["reference"] is None


def test_a_template_has_no_words_for_a_number_that_is_none():
    with pytest.raises(Unreadable, match="no value in column 'level'"):
        take({**RAW, "level": float("nan")}, Take(template="{q} {level}"))


def test_asserts_become_a_check_program():
    fields = {"prompt": "q", "asserts": "tests", "reference.setup": "setup"}
    raw = {"q": "x", "tests": ["assert set(f((1, 2))) == {1}", "assert f( [] ) == []"], "setup": "import math"}
    reference = json.loads(mapping(fields, verifier="code", domain="code").row(raw)["reference"])
    assert reference == {
        "language": "python",
        "style": "check",
        "entry_point": "f",
        "setup": "import math",
        "tests": "def check(candidate):\n    f = candidate\n    assert set(f((1, 2))) == {1}\n    assert f([]) == []\n",
    }


@pytest.mark.parametrize(
    "tests", [[], ["print(f(1))"], ["assert f(1) =="], ["assert f(1) == 2", "assert g(1) == 2"], ["assert True"]]
)
def test_other_tests_are_not_asserts(tests):
    with pytest.raises(Unreadable, match="the tests"):
        mapping({"prompt": "q", "asserts": "t"}, verifier="code", domain="code").row({"q": "x", "t": tests})


@pytest.mark.parametrize(
    ("fields", "values", "says"),
    [
        ({"prompt": "q", "anser": "a"}, {}, "unknown target 'anser'"),
        ({"prompt": "q", "messages": "m"}, {}, "exactly one of prompt and messages"),
        ({"answer": "a"}, {}, "exactly one of prompt and messages"),
        ({"prompt": "q"}, {"verifier": "math"}, "the verifier 'math' needs a gold"),
        ({"prompt": "q"}, {"role": "traces"}, "needs the target 'completion'"),
        ({"prompt": "q", "chosen": "c"}, {"role": "preferences"}, "needs the target 'rejected'"),
        ({"prompt": Take(column="q", regex="(")}, {}, "not a regular expression"),
        ({"prompt": Take(column="q", regex="abc")}, {}, "has no group"),
    ],
)
def test_slips_in_the_configuration(fields, values, says):
    with pytest.raises(UserError, match=r"curate\.sources\.source\.fields") as caught:
        mapping(fields, **values)
    assert says in str(caught.value)


def after(reader):
    """What was seen of a source of one row."""
    return Reading(total=1, rows=1, unseen=reader.unseen, offered=reader.offered)


def test_a_column_that_no_row_has_is_a_slip():
    some = mapping({"prompt": "q", "answer": "anser"}, verifier="math")
    with pytest.raises(Unreadable):
        some.row({"q": "x", "answer": "1"})
    with pytest.raises(UserError, match=r"fields\.answer: no row of x\.jsonl has a value in column 'anser'.*q, answer"):
        after(some).check(some.source, 1.0)


@pytest.mark.parametrize(
    "values",
    [
        {"columns": ["a", "b"]},
        {"columns": ["a", "b"], "transform": "preferred", "parse_json": True},
        {"columns": ["a"], "column": "a", "transform": "preferred"},
        {"columns": [], "transform": "preferred"},
        {"column": "a", "transform": "magic"},
        {"transform": "one_answer"},
    ],
)
def test_a_transform_needs_what_it_reads(values):
    with pytest.raises(ValidationError):
        Take.model_validate(values)


def test_several_columns_go_through_one_transform_and_each_counts_as_mapped():
    spec = Take(columns=["a", "b", "score"], transform="preferred")
    assert take({"a": "one", "b": "two", "score": 2}, spec) == "two"
    reader = mapping(
        {"messages": "m", "chosen": spec, "rejected": Take(columns=["a", "b", "points"], transform="dispreferred")},
        role="preferences",
    )
    with pytest.raises(Unreadable, match="a preference is a number, this is None"):
        reader.row({"m": [{"role": "user", "content": "?"}], "a": "one", "b": "two", "score": 2})
    with pytest.raises(UserError, match=r"fields\.rejected: no row of x\.jsonl has a value in column 'points'"):
        after(reader).check(reader.source, 1.0)


@pytest.mark.parametrize("domain", ["poetry", None, 3])
def test_a_row_of_an_unknown_domain_is_set_aside(domain):
    with pytest.raises(Unreadable, match="unknown domain"):
        mapping({"prompt": "q", "domain": "d"}).row({"q": "?", "d": domain})
