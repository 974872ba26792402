"""`openqwq data funnel`: what each step took in, let through and dropped, source by source."""

import pytest

from openqwq import cli
from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import FUNNEL, REJECTED


def passed(step, source, rows_in, rows_out, role="problems"):
    return {"role": role, "source": source, "step": step, "rows_in": rows_in, "rows_out": rows_out, "seconds": 0.1}


def dropped(step, source, reason, role="problems"):
    return {"role": role, "source": source, "step": step, "reason": reason, "id": None, "row": "{}"}


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [
        passed("read", "pairs", 5, 5, "preferences"),
        passed("read", "sums", 1200, 1198),
        passed("gold", "sums", 1000, 990),
        passed("gold", "sums", 198, 197),  # the second part of a step that ran in two
        passed("split", "sums", 1187, 1000),
    ]
    lost = [dropped("read", "sums", f"malformed: x.jsonl, line {n}: not JSON") for n in range(2)]
    lost += [dropped("gold", "sums", f"the gold is judged incorrect: {n}") for n in range(10)]
    lost.append(dropped("gold", "sums", "evil \x1b[2J\nname: 1"))
    write_table(tmp_path / "results" / "mine" / "curate" / "funnel.parquet", rows, FUNNEL)
    write_table(tmp_path / "results" / "mine" / "curate" / "rejected.parquet", lost, REJECTED)
    return tmp_path / "results"


@pytest.mark.parametrize("run", ["mine", "results/mine"])
def test_the_table(results, capsys, run):
    assert cli.main(["data", "funnel", run]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["role", "step", "source", "in", "out", "dropped", "why"]
    assert lines[1].split()[:6] == ["problems", "read", "sums", "1,200", "1,198", "2"]
    assert lines[1].endswith("  malformed 2")
    assert lines[2].split()[:6] == ["problems", "gold", "sums", "1,198", "1,187", "11"]
    assert lines[2].endswith(r"the gold is judged incorrect 10; evil \x1b[2J name 1")
    assert lines[3].endswith("held out 187")
    assert lines[4].split()[:6] == ["preferences", "read", "pairs", "5", "5", "0"]
    assert len(lines) == 5


def test_without_a_curated_run_there_is_one_line(results, capsys):
    (results / "mine" / "curate" / "funnel.parquet").unlink()
    for run, says in (("other", "no run with curated data"), ("mine", "no funnel.parquet")):
        assert cli.main(["data", "funnel", run]) == 2
        err = capsys.readouterr().err
        assert says in err
        assert err.count("\n") == 1
