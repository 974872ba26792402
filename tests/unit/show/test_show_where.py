"""`--where`: a small language over columns. Every answer is checked against the rows themselves."""

import pyarrow as pa
import pytest

from openqwq.errors import UserError
from openqwq.show.where import expression

SCHEMA = pa.schema(
    [("domain", pa.string()), ("verdict", pa.string()), ("score", pa.float64()), ("step", pa.int32()), ("ok", pa.bool_())]
)
SCHEMA = SCHEMA.append(pa.field("rewards", pa.map_(pa.string(), pa.float64())))
ROWS = [
    {"domain": "math", "verdict": "correct", "score": 1.0, "step": 1, "ok": True},
    {"domain": "math", "verdict": "incorrect", "score": 0.0, "step": 2, "ok": False},
    {"domain": "code", "verdict": None, "score": None, "step": 3, "ok": None},
    {"domain": "a b's", "verdict": "unscorable", "score": None, "step": -4, "ok": True},
]
TABLE = pa.Table.from_pylist(ROWS, schema=SCHEMA)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("domain == math", [1, 2]),
        ("domain = 'math'", [1, 2]),
        ('domain == math and verdict != "correct"', [2]),
        ("verdict != correct", [2, 3, -4]),
        ("not verdict == correct", [2, 3, -4]),
        ("verdict is null", [3]),
        ("verdict is not null and not score is null", [1, 2]),
        ("score < 0.5", [2]),
        ("not score < 0.5", [1, 3, -4]),
        ("score >= 0", [1, 2]),
        ("step > -4 and step <= 2", [1, 2]),
        ("step in [1, 3]", [1, 3]),
        ("verdict in [correct]", [1]),
        ("not verdict in [correct]", [2, 3, -4]),
        ("domain contains OD or domain contains B", [3, -4]),
        (r"domain == 'a b\'s'", [-4]),
        ("ok == true", [1, -4]),
        ("(domain == math or domain == code) and step >= 2", [2, 3]),
        ("domain == code or domain == math and step == 1", [1, 3]),
        ("NOT (ok == true OR step == 2)", [3]),
    ],
)
def test_rows_that_are_asked_for(text, steps):
    assert TABLE.filter(expression(text, SCHEMA))["step"].to_pylist() == steps


def test_as_many_comparisons_as_fit_do_not_exhaust_the_stack():
    text = " or ".join(["step<2"] * 400)
    assert len(text) == 3996
    assert TABLE.filter(expression(text, SCHEMA))["step"].to_pylist() == [1, -4]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a column's name is expected, not 'the end'"),
        ("domain", "one of == != "),
        ("domain ==", "'the end' stands where a value is expected"),
        ("domain == math and", "a column's name"),
        ("domain == math verdict == x", "the end is expected, not 'verdict'"),
        ("(domain == math", "a closing parenthesis"),
        ("domein == math", "there is no column 'domein'; there are domain, verdict"),
        ("step == many", "step is int32, and 'many' is none"),
        ("step == 99999999999", "step is int32"),
        ("score > high", "score is double"),
        ("ok == perhaps", "ok is bool"),
        ("rewards == 1", "rewards is map.*compared with nothing but null"),
        ("step contains 1", "'contains' looks into text"),
        ("step in 3", "a list in brackets"),
        ("step in [1", "a closing bracket"),
        ("verdict is correct", "'is' is followed by null"),
        ("domain == 'open", "not readable at"),
        ("domain == 'a''b'", "the end is expected"),
        ("domain < > math", "stands where a value"),
        ("domain ( math", "compares nothing"),
        ("__import__('os').system('x')", "there is no column '__import__'"),
        ("(" * 60 + "step == 1" + ")" * 60, "nested more than 50 deep"),
        ("not " * 900 + "step == 1", "nested more than 50 deep"),
        ("step<1 and " * 9000 + "step == 1", "more than 4000 characters"),
        ("domain == \udcff", "not UTF-8"),
    ],
)
def test_what_is_no_expression_is_named_in_one_line(text, says):
    with pytest.raises(UserError, match=says) as caught:
        expression(text, SCHEMA)
    assert "\n" not in str(caught.value)
