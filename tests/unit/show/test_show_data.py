"""`openqwq data show`: any of our tables, any folder, whatever stands in them; one line for what cannot be shown."""

import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from openqwq import cli
from openqwq.artifacts import schemas
from openqwq.artifacts.files import write_table
from openqwq.data.rows import make_row, prompt

EVIL = "\x1b]0;owned\x07\x1b[2J\u202eevil"


def problems(count=10):
    return [
        make_row(
            "sums",
            "math" if n % 2 else "code",
            prompt(f"What is {n} + 1? {EVIL}"),
            verifier="math",
            reference={"answer": str(n + 1)},
        )
        for n in range(count)
    ]


def completion(number, **values):
    usual = {
        "problem_id": f"p{number}",
        "domain": "math",
        "sample": number,
        "prompt": "What is it?",
        "text": f"<think>\nIt is {number}.\n</think>\n\n\\boxed{{{number}}}",
        "tokens": 3,
        "finish_reason": "stop",
        "verifier": "math",
        "reference": '{"answer": "1"}',
        "verdict": "correct" if number == 1 else "incorrect",
        "score": float(number == 1),
        "reason": "equal" if number == 1 else "not equal to the gold",
        "rewards": [("accuracy", float(number == 1))],
        "seconds": 0.1,
    }
    return {**usual, **values}


@pytest.fixture
def folder(tmp_path):
    write_table(tmp_path / "problems" / "train.parquet", problems(), schemas.PROBLEM)
    write_table(tmp_path / "completions.parquet", [completion(n) for n in range(6)], schemas.COMPLETION)
    write_table(tmp_path / ".state" / "half.parquet", problems(1), schemas.PROBLEM)
    return tmp_path


def show(capsys, *arguments):
    code = cli.main(["data", "show", *map(str, arguments)])
    out = capsys.readouterr()
    return code, out.out, out.err


def test_a_row_is_shown_with_what_a_person_asks_for(folder, capsys):
    code, out, _ = show(capsys, folder / "completions.parquet", "--n", 1)
    assert code == 0
    assert out.splitlines()[0] == "completions.parquet: 6 rows"
    for part in (
        "── 1  problem_id p0",
        "What is it?",
        "  \\boxed{0}",
        "verdict incorrect",
        "reason not equal to the gold",
        '{"accuracy": 0.0}',
    ):
        assert part in out
    assert out.index("prompt") < out.index("reference") < out.index("verdict") < out.index("tokens")


def test_hostile_text_is_shown_and_not_sent(folder, capsys):
    code, out, _ = show(capsys, folder / "problems")
    assert code == 0
    assert r"\x1b]0;owned\x07\x1b[2J\u202eevil" in out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)


def test_a_hostile_name_of_a_column_is_shown_and_not_sent(tmp_path, capsys):
    pq.write_table(pa.table({f"name{EVIL}\nnext": ["x"]}), tmp_path / "x.parquet")
    code, out, _ = show(capsys, tmp_path / "x.parquet")
    assert code == 0
    assert r"name\x1b]0;owned\x07\x1b[2J\u202eevil next x" in out
    code, out, err = show(capsys, tmp_path / "x.parquet", "--where", "colour == red")
    assert code == 2
    assert r"there are name\x1b]0;owned" in err
    assert not {"\x1b", "\x07", "\u202e"} & set(err)


def test_where_and_seed_choose_rows(folder, capsys):
    _, out, _ = show(capsys, folder / "completions.parquet", "--where", "domain == math and verdict != correct", "--n", 2)
    assert out.startswith("completions.parquet: 6 rows, 5 of them asked for")
    assert out.count("verdict incorrect") == 2
    drawn = [show(capsys, folder / "problems", "--n", 3, "--seed", seed)[1] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0].count("── ") == 3
    assert "0 of them asked for" in show(capsys, folder / "problems", "--where", "domain == tool")[1]


def test_a_folder_shows_every_table_that_has_the_columns_and_nothing_hidden(folder, capsys):
    _, out, _ = show(capsys, folder, "--n", 1)
    assert "completions.parquet: 6 rows" in out
    assert "problems/train.parquet: 10 rows" in out
    assert "half.parquet" not in out
    _, out, _ = show(capsys, folder, "--where", "verdict == correct")
    assert "problems" not in out.replace("problem_id", "")
    assert "problem_id p1" in out


def test_long_texts_are_cut_in_the_middle_unless_asked_for(folder, capsys):
    write_table(folder / "long.parquet", [completion(1, text="start " + "x" * 9000 + " end")], schemas.COMPLETION)
    _, out, _ = show(capsys, folder / "long.parquet")
    assert "7,010 characters left out (--full shows them)" in out
    assert "start" in out
    assert " end" in out or "x end" in out
    assert "x" * 9000 in show(capsys, folder / "long.parquet", "--full")[1]


# SHARD is no table but columns that a shard adds to one.
EMPTY = {name: value for name, value in vars(schemas).items() if isinstance(value, pa.Schema) and name != "SHARD"}


@pytest.mark.parametrize("name", sorted(EMPTY))
def test_every_schema_can_be_shown(tmp_path, capsys, name):
    def value(kind):
        if pa.types.is_string(kind):
            return "text"
        if pa.types.is_boolean(kind):
            return True
        if pa.types.is_list(kind):
            return [{"role": "user", "content": "hello"}]
        return [("name", 1.0)] if pa.types.is_map(kind) else 1

    write_table(tmp_path / "t.parquet", [{field.name: value(field.type) for field in EMPTY[name]}], EMPTY[name])
    code, out, _ = show(capsys, tmp_path / "t.parquet")
    assert code == 0
    for field in EMPTY[name]:
        assert field.name in out
    nulls = [{field.name: None if field.nullable else value(field.type) for field in EMPTY[name]}]
    write_table(tmp_path / "t.parquet", nulls, EMPTY[name])
    assert show(capsys, tmp_path / "t.parquet")[0] == 0


def test_foreign_tables_and_odd_values_are_shown(tmp_path, capsys):
    table = pa.table(
        {"reference": ["{not json"], "metadata": [json.dumps({"k": "v" * 200})], "blob": [b"\x00\xff"], "deep": [[[1, 2]]]}
    )
    pq.write_table(table, tmp_path / "x.parquet")
    code, out, _ = show(capsys, tmp_path / "x.parquet")
    assert code == 0
    assert "{not json" in out
    assert "k: vvv" in out


@pytest.mark.parametrize(
    ("make", "arguments", "says"),
    [
        (None, [], "no such file or folder"),
        ("empty", [], "no parquet file in this folder"),
        ("text", [], "not readable as parquet"),
        ("good", ["--where", "colour == red"], "there is no column 'colour'"),
        ("good", ["--n", "0"], "--n 0"),
    ],
)
def test_what_cannot_be_shown_is_one_line_and_code_2(tmp_path, capsys, make, arguments, says):
    path = tmp_path / "p"
    if make == "empty":
        path.mkdir()
    elif make == "text":
        path.write_text("PAR1 no")
    elif make == "good":
        write_table(path, problems(1), schemas.PROBLEM)
    code, out, err = show(capsys, path, *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1


def test_a_folder_none_of_whose_tables_has_the_column_is_refused(folder, capsys):
    code, _, err = show(capsys, folder, "--where", "colour == red")
    assert code == 2
    assert "there is no column 'colour'" in err


def test_a_pipe_that_closes_is_no_error(folder):
    command = f"{sys.executable} -m openqwq.cli data show {folder} --n 10 --full | head -n 1"
    done = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True, timeout=60)
    assert done.stdout == "completions.parquet: 6 rows\n"
    assert "Traceback" not in done.stderr


def test_a_terminal_that_is_not_unicode_gets_escapes(folder):
    write_table(folder / "x.parquet", [completion(1, text="你好 größer")], schemas.COMPLETION)
    command = [sys.executable, "-m", "openqwq.cli", "data", "show", str(folder / "x.parquet")]
    done = subprocess.run(command, env={**os.environ, "PYTHONIOENCODING": "ascii"}, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert rb"\u4f60\u597d gr\xf6\xdfer" in done.stdout
