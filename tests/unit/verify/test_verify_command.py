"""`openqwq verify IN OUT`: what it reads, what it writes, what it refuses."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import COMPLETION, VERDICT
from openqwq.errors import UserError
from openqwq.verify.command import run

ROWS = [
    {"id": "a", "verifier": "math", "reference": '{"answer": "1/2"}', "completion": r"<think>x</think>\boxed{0.5}"},
    {"id": "b", "verifier": "math", "reference": '{"answer": "2"}', "completion": "a line separator \u2028 inside"},
    {"id": "c", "verifier": "math", "reference": "{}", "completion": r"\boxed{1}"},
]


def judged(out):
    return [(row["id"], row["verdict"], row["score"]) for row in read_table(out, VERDICT).to_pylist()]


EXPECTED = [("a", "correct", 1.0), ("b", "incorrect", 0.0), ("c", "unscorable", None)]


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_rows_in_verdicts_out(tmp_path, suffix, capsys):
    source, out = tmp_path / f"in{suffix}", tmp_path / "new" / "out.parquet"
    if suffix == ".jsonl":
        source.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS) + "\n\n", encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), source)
    run(source, out)
    assert judged(out) == EXPECTED
    assert "1 correct, 1 incorrect, 1 unscorable" in capsys.readouterr().err


def test_our_own_completions_are_read_and_rows_without_verifier_left_out(tmp_path, capsys):
    base = {
        "domain": "math",
        "prompt": "",
        "tokens": 1,
        "finish_reason": "stop",
        "verdict": None,
        "score": None,
        "reason": None,
        "seconds": None,
    }
    rows = [
        base
        | {
            "problem_id": row["id"],
            "sample": n,
            "verifier": row["verifier"],
            "reference": row["reference"],
            "text": row["completion"],
            "rewards": [],
        }
        for n, row in enumerate([*ROWS, ROWS[0] | {"verifier": None, "reference": None}])
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=COMPLETION), tmp_path / "completions.parquet")
    run(tmp_path / "completions.parquet", tmp_path / "out.parquet", workers=1)
    assert judged(tmp_path / "out.parquet") == [("a/0", "correct", 1.0), ("b/1", "incorrect", 0.0), ("c/2", "unscorable", None)]
    assert "left out 1 without a verifier\n" in capsys.readouterr().err


def test_episodes_are_left_out_because_their_state_is_gone(tmp_path, capsys):
    episode = {"id": "e", "verifier": "environment", "reference": "{}", "completion": "I have done it."}
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, [ROWS[0], episode])))
    run(tmp_path / "in.jsonl", tmp_path / "out.parquet", workers=1)
    assert judged(tmp_path / "out.parquet") == [("a", "correct", 1.0)]
    assert "1 episodes, whose environment's state is gone: their stored verdicts stand" in capsys.readouterr().err
    (tmp_path / "in.jsonl").write_text(json.dumps(episode))
    with pytest.raises(UserError, match=r"no rows to judge.*1 episodes"):
        run(tmp_path / "in.jsonl", tmp_path / "none.parquet", workers=1)


def test_no_rows_are_an_error(tmp_path):
    (tmp_path / "in.jsonl").write_text("\n")
    with pytest.raises(UserError, match="no rows to judge"):
        run(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_a_place_that_cannot_be_written_is_found_before_judging(tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps(ROWS[0]))
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "file" / "out.parquet", tmp_path / "in.jsonl"):
        with pytest.raises(UserError, match="another place"):
            run(tmp_path / "in.jsonl", out)


GOOD = json.dumps(ROWS[0])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{broken", r"in.jsonl, line 2: not a line of JSON"),
        ("[1]", r"in.jsonl, line 2: a JSON list"),
        ('{"id": "x"}', r"in.jsonl, line 2: the key 'verifier' is missing"),
        (json.dumps(ROWS[0] | {"reference": "not json"}), r"in.jsonl, line 2: 'reference' is not JSON"),
        (json.dumps(ROWS[0] | {"completion": None}), r"in.jsonl, line 2: 'completion' is NoneType"),
        (json.dumps(ROWS[0] | {"verifier": "maths"}), r"in.jsonl, line 2: verifier 'maths' does not exist"),
        (json.dumps(ROWS[0] | {"id": "\ud800"}), r"in.jsonl, line 2: the id .* half a surrogate pair"),
        ('{"problem_id": "x", "sample": "one", "verifier": "math", "reference": "{}", "text": ""}', r"line 2: 'sample' is 'one'"),
    ],
)
def test_bad_rows_are_named_and_nothing_is_written(tmp_path, line, message):
    (tmp_path / "in.jsonl").write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(UserError, match=message):
        run(tmp_path / "in.jsonl", tmp_path / "out.parquet")
    assert not (tmp_path / "out.parquet").exists()


def test_a_damaged_page_is_named(tmp_path):
    rows = [ROWS[0] | {"id": str(n), "completion": f"{n} " * 200} for n in range(400)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet", compression="zstd", use_dictionary=False)
    content = bytearray((tmp_path / "in.parquet").read_bytes())
    content[40:400] = bytes(360)
    (tmp_path / "in.parquet").write_bytes(bytes(content))
    with pytest.raises(UserError, match="damaged after row 0"):
        run(tmp_path / "in.parquet", tmp_path / "out.parquet")


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        run(tmp_path / "none.jsonl", tmp_path / "out.parquet")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match="not a readable parquet file"):
        run(tmp_path / "torn.parquet", tmp_path / "out.parquet")
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "columns.parquet")
    with pytest.raises(UserError, match="missing column 'verifier'"):
        run(tmp_path / "columns.parquet", tmp_path / "out.parquet")
    (tmp_path / "bytes.jsonl").write_bytes(b'{"id": "\xff"}\n')
    with pytest.raises(UserError, match="line 1"):
        run(tmp_path / "bytes.jsonl", tmp_path / "out.parquet")
