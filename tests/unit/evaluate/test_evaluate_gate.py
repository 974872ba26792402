"""The summary of all stages and what the gate says of them."""

import json
from pathlib import Path

import pytest

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import SAMPLE, SCORE
from openqwq.config.evaluate import EvaluateConfig, Gate
from openqwq.errors import UserError
from openqwq.evaluate.summary import run
from openqwq.stage import Stage


def folder(root: Path, name: str, benchmark: str, right: list[bool | None], samples: int = 1, first: int = 0) -> None:
    """What evaluating a checkpoint publishes; `right` is the verdict of each problem from the `first`, None an unscorable one."""
    verdict = {True: ("correct", 1.0), False: ("incorrect", 0.0), None: ("unscorable", None)}
    rows = [
        {
            "problem_id": f"p{i:04d}", "domain": benchmark, "sample": s, "prompt": "q", "text": "a", "tokens": 10,
            "finish_reason": "stop", "verifier": "math", "reference": "{}", "verdict": verdict[r][0],
            "score": verdict[r][1], "reason": "", "rewards": [], "seconds": 0.0,
            "vote": 0 if r else None, "mixed": False, "touched": None,
        }
        for i, r in enumerate(right, start=first)
        for s in range(samples)
    ]  # fmt: skip
    write_table(root / name / f"{benchmark}.parquet", rows, SAMPLE)
    (root / name / "scores.parquet").unlink(missing_ok=True)
    write_table(root / name / "scores.parquet", [], SCORE)


def summarise(stage: Stage, root: Path, **gate) -> dict:
    config = EvaluateConfig(bootstrap=2000, gate=Gate(**({"benchmarks": ["math"], "margin": 0.05} | gate)))
    names = [n for n in ("base", "coldstart", "reason", "general") if (root / n).is_dir()]
    with stage.running():
        run(stage, config, {n: root / n for n in names}, root / "scores.parquet", root / "gate.json")
    return json.loads((root / "gate.json").read_text())


HALF = [i % 2 == 0 for i in range(200)]


def test_the_same_answers_pass(stage, tmp_path):
    for name in ("reason", "general"):
        folder(tmp_path, name, "math", HALF)
    gate = summarise(stage, tmp_path)
    assert gate["verdict"] == "pass"
    assert gate["benchmarks"][0]["lower"] > -0.05
    assert read_manifest(tmp_path / "gate.json")["stage"] == "evaluate"
    assert read_manifest(tmp_path / "scores.parquet")["outputs"]["scores.parquet"]["rows"] == 2


def test_a_clear_loss_fails_and_is_published_like_any_other(stage, tmp_path):
    folder(tmp_path, "reason", "math", HALF)
    folder(tmp_path, "general", "math", [r and i % 8 == 0 for i, r in enumerate(HALF)])
    assert summarise(stage, tmp_path)["verdict"] == "fail"
    assert read_manifest(tmp_path / "gate.json")["stage"] == "evaluate"


def test_a_loss_within_the_margin_passes(stage, tmp_path):
    folder(tmp_path, "reason", "math", HALF * 5)
    folder(tmp_path, "general", "math", [r and i >= 20 for i, r in enumerate(HALF * 5)])
    assert summarise(stage, tmp_path)["verdict"] == "pass"


def test_too_few_problems_say_how_many_are_needed(stage, tmp_path):
    folder(tmp_path, "reason", "math", HALF[:20])
    folder(tmp_path, "general", "math", [not r if i in (1, 2) else r for i, r in enumerate(HALF[:20])])
    gate = summarise(stage, tmp_path)
    assert gate["verdict"] == "not enough samples"
    assert gate["benchmarks"][0]["problems_needed"] > 20


def test_the_worst_benchmark_decides(stage, tmp_path):
    for name in ("reason", "general"):
        folder(tmp_path, name, "math", HALF)
    folder(tmp_path, "reason", "code", HALF)
    folder(tmp_path, "general", "code", [False] * 200)
    gate = summarise(stage, tmp_path, benchmarks=["math", "code"])
    assert gate["verdict"] == "fail"
    assert {b["benchmark"]: b["verdict"] for b in gate["benchmarks"]} == {"math": "pass", "code": "fail"}


def test_a_stage_that_was_not_evaluated_is_not_a_pass(stage, tmp_path):
    folder(tmp_path, "reason", "math", HALF)
    gate = summarise(stage, tmp_path)
    assert gate["verdict"] == "not measured"
    assert gate["benchmarks"][0]["why"] == "no samples of general"


def test_problems_unscorable_in_either_stage_are_left_out_of_the_pair(stage, tmp_path):
    folder(tmp_path, "reason", "math", [None, *HALF[1:]])
    folder(tmp_path, "general", "math", [*HALF[:-1], None])
    row = summarise(stage, tmp_path)["comparisons"][0]
    assert (row["n"], row["left_out"], row["difference"]) == (198, 2, 0.0)


def test_nothing_scorable_is_not_measured(stage, tmp_path):
    for name in ("reason", "general"):
        folder(tmp_path, name, "math", [None] * 5)
    gate = summarise(stage, tmp_path)
    assert gate["verdict"] == "not measured"
    assert gate["comparisons"][0]["difference"] is None


def test_neighbouring_stages_are_compared_and_only_clear_differences_are_called_so(stage, tmp_path):
    folder(tmp_path, "base", "math", [False] * 200)
    folder(tmp_path, "coldstart", "math", HALF)
    folder(tmp_path, "reason", "math", [r or i == 1 for i, r in enumerate(HALF)])
    folder(tmp_path, "general", "math", [False] * 200)
    found = {(c["before"], c["after"]): c for c in summarise(stage, tmp_path)["comparisons"]}
    assert {pair: c["shown"] for pair, c in found.items()} == {
        ("base", "coldstart"): "gain", ("coldstart", "reason"): "none", ("reason", "general"): "loss",
    }  # fmt: skip
    middle = found["coldstart", "reason"]
    assert middle["difference"] == pytest.approx(0.005)
    assert middle["low"] < 0 < middle["high"]
    assert 0 < middle["detectable"] < 0.1
    assert middle["p"] == 1.0  # one problem differs: it could as well have done so the other way
    assert found["base", "coldstart"]["p"] == float(f"{2 * 0.5**100:.3g}")


def test_a_benchmark_of_the_first_and_the_last_model_alone_compares_those(stage, tmp_path):
    for name in ("base", "coldstart", "reason", "general"):
        folder(tmp_path, name, "math", HALF)
    folder(tmp_path, "base", "humaneval", [False] * 40)
    folder(tmp_path, "general", "humaneval", [True] * 40)
    found = [(c["benchmark"], c["before"], c["after"], c["shown"]) for c in summarise(stage, tmp_path)["comparisons"]]
    assert found == [
        ("math", "base", "coldstart", "none"), ("math", "coldstart", "reason", "none"),
        ("humaneval", "base", "general", "gain"), ("math", "reason", "general", "none"),
    ]  # fmt: skip


def test_scores_of_all_stages_stand_in_one_table(stage, tmp_path):
    folder(tmp_path, "base", "math", HALF, samples=4)
    folder(tmp_path, "reason", "code", HALF)
    summarise(stage, tmp_path)
    rows = read_table(tmp_path / "scores.parquet", SCORE).to_pylist()
    assert {(r["stage"], r["benchmark"], r["metric"], r["k"]) for r in rows} == {
        ("base", "math", "avg@k", 4), ("base", "math", "pass@k", 2), ("base", "math", "pass@k", 4), ("base", "math", "maj@k", 4),
        ("reason", "code", "avg@k", 1),
    }  # fmt: skip
    assert json.loads((tmp_path / "scores.json").read_text()) == rows
    assert read_manifest(tmp_path / "scores.json")["stage"] == "evaluate"


@pytest.mark.parametrize(("base", "coldstart"), [(60, 200), (200, 60)])
def test_a_stage_that_was_asked_fewer_problems_is_compared_on_those(stage, tmp_path, base, coldstart):
    folder(tmp_path, "base", "math", [False] * base)
    folder(tmp_path, "coldstart", "math", [None, *HALF[1:coldstart]])
    folder(tmp_path, "reason", "math", HALF)
    folder(tmp_path, "general", "math", HALF[:100])
    gate = summarise(stage, tmp_path)
    found = {(c["before"], c["after"]): (c["n"], c["left_out"]) for c in gate["comparisons"]}
    assert found == {
        ("base", "coldstart"): (59, 1), ("coldstart", "reason"): (coldstart - 1, 1), ("reason", "general"): (100, 0)
    }  # fmt: skip
    assert (gate["verdict"], gate["benchmarks"][0]["n"]) == ("pass", 100)


def test_different_problems_cannot_be_compared(stage, tmp_path):
    folder(tmp_path, "reason", "math", HALF)
    folder(tmp_path, "general", "math", HALF[:100], first=150)
    with pytest.raises(UserError, match="not evaluated on the same problems"):
        summarise(stage, tmp_path)


def test_nothing_to_compare(stage, tmp_path):
    with pytest.raises(UserError, match="no stage was evaluated"):
        summarise(stage, tmp_path)
