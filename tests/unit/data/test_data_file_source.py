"""Files of every format, whole and broken."""

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_helpers import file_source

from openqwq.data import sources
from openqwq.errors import UserError

ROWS = [{"q": f"What is {n} + {n}?", "a": str(2 * n)} for n in range(1, 11)]


def lines(rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def read(source, share: float = 1.0):
    return sources.read(source, 1, share)


def prompts(rows):
    return [row["messages"][0]["content"] for row in rows]


def as_csv(path: Path, rows) -> None:
    with open(path, "w", newline="") as handle:
        writer = csv.DictWriter(handle, ["q", "a"])
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("name", ["d.jsonl", "d.ndjson", "d.jsonl.gz", "d.json", "d.json.gz", "d.csv", "d.parquet", "lines.json"])
def test_every_format_gives_the_same_rows(tmp_path, name):
    path = tmp_path / name
    if name == "d.parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    elif name == "d.csv":
        as_csv(path, ROWS)
    else:
        content = json.dumps(ROWS).encode() if name.startswith("d.json") and "jsonl" not in name else lines(ROWS)
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    rows, malformed = read(file_source(path))
    assert prompts(rows) == [row["q"] for row in ROWS]
    assert [json.loads(row["reference"]) for row in rows] == [{"answer": row["a"]} for row in ROWS]
    assert not malformed


def test_a_glob_reads_all_files_in_order_and_the_limit_counts_over_them(tmp_path):
    (tmp_path / "b.jsonl").write_bytes(lines(ROWS[5:]))
    (tmp_path / "a.jsonl").write_bytes(lines(ROWS[:5]))
    source = file_source(tmp_path / "*.jsonl")
    assert prompts(read(source)[0]) == [row["q"] for row in ROWS]
    assert len(read(source.model_copy(update={"limit": 7}))[0]) == 7


def test_a_name_with_brackets_is_not_a_pattern(tmp_path):
    (tmp_path / "part[1].jsonl").write_bytes(lines(ROWS))
    assert len(read(file_source(tmp_path / "part[1].jsonl"))[0]) == 10


def test_separators_inside_strings_do_not_end_a_line(tmp_path):
    text = "a\u2028b\u2029c\x85d\x0be\rf"
    (tmp_path / "d.jsonl").write_bytes(json.dumps({"q": text, "a": "1"}, ensure_ascii=False).encode() + b"\n")
    rows, malformed = read(file_source(tmp_path / "d.jsonl"))
    assert prompts(rows) == [text]
    assert not malformed


def test_byte_order_mark_blank_lines_and_a_missing_last_newline(tmp_path):
    (tmp_path / "d.jsonl").write_bytes(b"\xef\xbb\xbf" + lines(ROWS[:1]) + b"\n  \n" + lines(ROWS[1:2]).rstrip())
    rows, malformed = read(file_source(tmp_path / "d.jsonl"))
    assert len(rows) == 2
    assert not malformed


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b'{"q": "x", "a": \n', "not JSON"),
        (b'{"q": "\xff\xfe", "a": "1"}\n', "not UTF-8"),
        (b"[1, 2]\n", "a row is a JSON object, this is list"),
        (b"[" * 100_000 + b"\n", "not readable as JSON"),
        (b'{"q": "x", "a": ' + b"9" * 5000 + b"}\n", "not readable as JSON"),
        (b'{"q": 5, "a": "1"}\n', "prompt is text, this is int"),
        (b'{"q": null, "a": "1"}\n', "no value for prompt"),
        (b'{"q": "x", "a": {"b": 1}}\n', "an answer is text or a number, this is dict"),
        (b'{"q": "x", "a": true}\n', "an answer is text or a number, this is bool"),
    ],
)
def test_a_malformed_line_is_set_aside_and_named(tmp_path, bad, reason):
    (tmp_path / "d.jsonl").write_bytes(lines(ROWS[:3]) + bad + lines(ROWS[3:]))
    source = file_source(tmp_path / "d.jsonl")
    rows, malformed = read(source, share=0.1)
    assert len(rows) == 10
    assert len(malformed) == 1
    assert malformed[0].where == f"{tmp_path}/d.jsonl, line 4"
    assert reason in malformed[0].reason
    with pytest.raises(UserError, match=r"d\.jsonl, line 4") as caught:
        read(source, share=0.01)
    assert "1 of 11 rows" in str(caught.value)
    assert "max_malformed" in str(caught.value)


def test_numbers_are_answers(tmp_path):
    (tmp_path / "d.jsonl").write_bytes(b'{"q": "x", "a": 204}\n{"q": "y", "a": 0.5}\n')
    assert [json.loads(row["reference"])["answer"] for row in read(file_source(tmp_path / "d.jsonl"))[0]] == ["204", "0.5"]


def test_rows_without_a_gold_count_as_malformed_lines_do(tmp_path):
    (tmp_path / "d.jsonl").write_bytes(lines(ROWS) + b'{"q": "x", "a": NaN}\n{"q": "y", "a": null}\n' + lines(ROWS))
    source = file_source(tmp_path / "d.jsonl")
    rows, malformed = read(source, share=0.1)
    assert len(rows) == 20
    assert [(m.kind, m.where) for m in malformed] == [("no gold", f"{tmp_path}/d.jsonl, line {n}") for n in (11, 12)]
    with pytest.raises(UserError, match=r"d\.jsonl, line 11: no gold: ") as caught:
        read(source, share=0.09)
    for part in ("curate.sources.source: 2 of 22 rows", "no gold: 2", "or raise max_malformed of the source or of curate"):
        assert part in str(caught.value)


def test_nan_is_a_missing_value_and_within_a_value_malformed(tmp_path):
    rows = b'{"q": "x", "a": "1", "level": NaN}\n{"q": "y", "a": "1", "level": [1, NaN]}\n'
    (tmp_path / "d.jsonl").write_bytes(lines(ROWS) + rows)
    fields = {"prompt": "q", "answer": "a", "metadata.level": "level"}
    kept, malformed = read(file_source(tmp_path / "d.jsonl", fields=fields))[:2]
    assert ["level" in row["metadata"] for row in kept if row["messages"][0]["content"] == "x"] == [False]
    assert ["cannot be written as JSON" in one.reason for one in malformed] == [True]


def test_a_truncated_gzip_is_an_error_that_names_the_file(tmp_path):
    whole = gzip.compress(lines(ROWS * 50))
    (tmp_path / "d.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"d\.jsonl\.gz: damaged or truncated gzip"):
        read(file_source(tmp_path / "d.jsonl.gz"))


def test_gzip_is_known_by_its_content(tmp_path):
    (tmp_path / "d.jsonl").write_bytes(gzip.compress(lines(ROWS)))
    (tmp_path / "e.jsonl.gz").write_bytes(lines(ROWS))
    assert len(read(file_source(tmp_path / "*.jsonl*"))[0]) == 20


def test_csv_rows_that_do_not_fit_the_header(tmp_path):
    (tmp_path / "d.csv").write_bytes(b'q,a\n"two\nlines",1\nx\ny,2,3\n\xff,4\nz,5\n')
    rows, malformed = read(file_source(tmp_path / "d.csv"))
    assert prompts(rows) == ["two\nlines", "z"]
    assert [m.reason for m in malformed] == ["fewer fields than the header has", "more fields than the header has", "not UTF-8"]
    assert malformed[0].where.endswith("line 4")


def test_a_long_csv_field(tmp_path):
    as_csv(tmp_path / "d.csv", [{"q": "x" * 200_000, "a": "1"}])
    assert len(prompts(read(file_source(tmp_path / "d.csv"))[0])[0]) == 200_000


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("d.jsonl", b"", "the source is empty"),
        ("d.csv", b"q,a\n", "the source is empty"),
        ("d.json", b'[{"q": 1},', "not readable as one JSON array"),
        ("d.parquet", b"PAR1 not really", "not readable as parquet"),
        ("d.csv", b'q,a\n"open,1\n', "not readable as CSV"),
        ("d.txt", b"x", "the ending does not tell the format"),
    ],
)
def test_files_that_cannot_be_read_at_all(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError) as caught:
        read(file_source(tmp_path / name))
    assert says in str(caught.value)


def test_a_missing_file_names_key_and_path(tmp_path):
    with pytest.raises(UserError, match=r"curate\.sources\.source\.path: no file matches '.*nothing\.jsonl'"):
        read(file_source(tmp_path / "nothing.jsonl"))


def test_the_format_can_be_given(tmp_path):
    (tmp_path / "d.txt").write_bytes(lines(ROWS))
    assert len(read(file_source(tmp_path / "d.txt", format="jsonl"))[0]) == 10
