"""Shards read their own rows alone, and what only all rows can tell comes out the same for any number of shards."""

import csv
import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from data_helpers import curated, file_source, make_source

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import FUNNEL, PROBLEM
from openqwq.data import sources
from openqwq.data.sources.reading import Reading, together
from openqwq.errors import UserError

ROWS = [{"q": f"What is {n} + {n}?", "a": str(2 * n)} for n in range(2500)]


def stream(source, at=0, count=1, share=1.0):
    return list(sources.stream(source, 1, share, Reading(at, count)))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The same rows in every format, in two files, so that a file begins in the middle of the round of shards."""
    folder = tmp_path_factory.mktemp("files")
    for name, rows in (("a", ROWS[:1100]), ("b", ROWS[1100:])):
        lines = b"\n".join(json.dumps(row).encode() + b"\n" for row in rows)  # blank lines count for nothing
        (folder / f"{name}.jsonl").write_bytes(lines)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(lines))
        (folder / f"{name}.json").write_text(json.dumps(rows))
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet", row_group_size=700)
        with open(folder / f"{name}.csv", "w", newline="") as handle:
            writer = csv.DictWriter(handle, ["q", "a"])
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.mark.parametrize("limit", [None, 1500])
@pytest.mark.parametrize("ending", ["jsonl", "jsonl.gz", "json", "csv", "parquet"])
def test_shards_share_the_rows_of_files_among_them(files, ending, limit):
    source = file_source(files / f"*.{ending}", limit=limit)
    whole = stream(source)
    assert [number for number, _ in whole] == list(range(limit or 2500))
    assert [row["messages"][0]["content"] for _, row in whole] == [row["q"] for row in ROWS[:limit]]
    for count in (2, 3):
        parts = [stream(source, at, count) for at in range(count)]
        assert [number % count for number, _ in parts[1]] == [1] * len(parts[1])
        assert sorted((item for part in parts for item in part), key=lambda item: item[0]) == whole


@pytest.mark.parametrize(
    "values",
    [
        {"type": "builtin", "generator": "instructions", "size": 50},
        {"type": "reasoning_gym", "task": "chain_sum", "size": 50},
    ],
)
def test_generators_are_shared_too(values):
    source = make_source(**values)
    parts = [stream(source, at, 3) for at in range(3)]
    assert sorted((item for part in parts for item in part), key=lambda item: item[0]) == stream(source)


def test_a_line_of_another_shard_is_not_parsed(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_bytes(
        b'{"q": \xff\n' + json.dumps(ROWS[1]).encode() + b"\n" + b"[" * 1000 + b"\n" + json.dumps(ROWS[3]).encode() + b"\n"
    )
    reading = Reading(1, 2)
    assert [number for number, _ in sources.stream(file_source(path), 1, 0.0, reading)] == [1, 3]
    assert (reading.total, reading.rows, reading.kinds.total()) == (4, 2, 0)


def mixed(folder, bad, **values):
    """A hundred rows of which `bad` (numbers) have no gold; only row 5 has a level."""
    path = folder / "d.jsonl"
    rows = [{"q": f"What is the sum of {n} and {n} again?", "a": "" if n in bad else str(n)} for n in range(100)]
    rows[5]["level"] = "hard"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"name": "rows", "type": "file", "role": "problems", "domain": "math", "verifier": "math", "path": str(path)}
    return {
        "sources": [source | {"fields": {"prompt": "q", "answer": "a", "metadata.level": "level"}} | values],
        "check_gold": False,
    }


def without_gold(path, which):
    """A hundred rows of which some have no gold."""
    rows = [{"q": f"Add {n} to it.", "a": "" if which(n) else "1"} for n in range(100)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file_source(path)


def failure(folder, config, shards):
    with pytest.raises(UserError) as caught:
        curated(folder, config, shards=shards)
    return str(caught.value)


def test_the_share_of_unusable_rows_is_that_of_the_whole_source(tmp_path):
    bad = (10, 13, 16)  # all in one of three shards: a tenth of its rows
    config = mixed(tmp_path, bad) | {"max_malformed": 0.03}
    kept = [read_table(curated(tmp_path / str(n), config, shards=n) / "problems/train.parquet", PROBLEM).num_rows for n in (1, 3)]
    assert kept == [97, 97]
    funnel = read_table(tmp_path / "3" / "curate" / "funnel.parquet", FUNNEL).to_pylist()
    assert [(row["rows_in"], row["rows_out"]) for row in funnel if row["step"] == "read"] == [(100, 97)]


@pytest.mark.parametrize("bad", [(10, 13, 16), (31, 32, 33, 34)])
def test_too_many_unusable_rows_are_said_in_the_same_words_by_any_number_of_shards(tmp_path, bad):
    config = mixed(tmp_path, bad) | {"max_malformed": 0.02}
    said = failure(tmp_path / "1", config, 1)
    assert f"{len(bad)} of 100 rows cannot be used (no gold: {len(bad)}), more than the share of 0.02" in said
    assert f"The first: {tmp_path}/d.jsonl, line {bad[0] + 1}: no gold" in said
    assert failure(tmp_path / "4", config, 4) == said


def test_a_shard_that_has_more_than_the_whole_may_have_stops_at_once(tmp_path):
    source = without_gold(tmp_path / "d.jsonl", lambda n: n < 40)
    with pytest.raises(UserError, match="20 of 100 rows cannot be used"):
        stream(source, 0, 2, share=0.19)
    assert len(stream(source, 0, 2, share=0.2)) == 50


def test_a_column_that_only_another_shard_sees_is_no_slip_and_one_that_none_sees_is(tmp_path):
    assert curated(tmp_path / "3", mixed(tmp_path, ()), shards=3).is_dir()
    slip = mixed(tmp_path, range(100), fields={"prompt": "q", "answer": "a", "metadata.level": "levels"})
    said = failure(tmp_path / "one", slip, 1)
    assert "curate.sources.rows.fields.metadata.level: no row of" in said
    assert "in column 'levels'. The first row's columns are q, a; correct the mapping." in said
    assert failure(tmp_path / "four", slip, 4) == said


def test_an_empty_source_is_an_error_for_any_shard(tmp_path):
    (tmp_path / "d.jsonl").write_text("\n")
    for at in range(2):
        with pytest.raises(UserError, match="the source is empty"):
            stream(file_source(tmp_path / "d.jsonl"), at, 2)


def test_column_names_that_are_not_unicode_do_no_harm(tmp_path):
    config = mixed(tmp_path, ())
    with open(tmp_path / "d.jsonl", "a") as handle:
        handle.write('{"q": "How many are there in all?", "a": "1", "\\ud800": 1}\n')
    rows = (tmp_path / "d.jsonl").read_text().split("\n")
    (tmp_path / "d.jsonl").write_text("\n".join([rows[-2], *rows[:-2], ""]))
    assert curated(tmp_path / "1", config, shards=1).is_dir()


def test_readings_survive_being_written_and_add_up(tmp_path):
    source = without_gold(tmp_path / "d.jsonl", lambda n: n % 3)
    made = [Reading(at, 3) for at in range(3)] + [Reading()]
    for reading in made:
        list(sources.stream(source, 1, 1.0, reading))
    again = [Reading.read(json.loads(json.dumps(reading.as_json()))) for reading in made]
    assert again == made
    assert together(again[:3]) == made[3]
