"""Two runs on one page: what differs, what is paired, and what is not two runs."""

import json

import pytest
import yaml
from page_helpers import Page, charts

from openqwq import cli
from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import SAMPLE, SCORE
from openqwq.report.two_runs import differences


@pytest.fixture
def compared(run_folder, other_run, tmp_path):
    def go() -> Page:
        assert cli.main(["report", "compare", str(run_folder), str(other_run), "--out", str(tmp_path / "both.html")]) == 0
        return Page((tmp_path / "both.html").read_text(encoding="utf-8"))

    return go


def judged(folder, stage, benchmark, verdicts, **changes):
    path = folder / "evaluate" / stage / f"{benchmark}.parquet"
    rows = read_table(path, SAMPLE).to_pylist()
    write_table(path, [row | {"verdict": next(verdicts), "score": None} | changes for row in rows], SAMPLE)


def test_scores_are_paired_and_configurations_compared(compared, run_folder, other_run):
    def half(word):
        while True:
            yield word
            yield "correct"

    judged(run_folder, "reason", "math", half("incorrect"))
    judged(other_run, "reason", "math", half("correct"))
    page = compared()
    line = page.words().split("math Reason ")[1].split("code ")[0]
    assert "+50.0 +" in line
    assert " 96 " in line
    assert "▲" in line
    assert "reason.optimizer.learning_rate 3.0e-05 0.5" in page.words()
    assert "seed 1 2" in page.words()
    assert page.has("A is demo")
    assert page.has("B is other")
    names = {row["name"] for row in charts(page)["reason-0"]["data"]["values"]}
    assert names == {"A", "B"}
    ids = page.ids()
    assert len(ids) == len(set(ids))
    assert {"artifact-A-reason", "artifact-B-reason"} <= set(ids)
    samples = json.loads(page.scripts[2])
    assert ["A: reason", "A: Reason"] in samples["stages"]
    assert {len(problem["answers"]) for problem in samples["problems"]} == {8}


def test_a_difference_leads_to_the_files_it_is_paired_from(compared):
    page = compared()
    links = [a for tag, a in page.elements if tag == "a" and a.get("class") == "why"]
    math = [a for a in links if a["data-what"].startswith("Reason on math, B against A: +0.0 points, ")]
    assert [a["data-file"] for a in math] == ["B/evaluate/reason/math.parquet"]
    assert math[0]["data-what"].endswith("; paired from A/evaluate/reason/math.parquet and B/evaluate/reason/math.parquet")
    assert len(math[0]["data-sha256"]) == 64


def test_equal_runs_show_no_difference(compared):
    page = compared()
    assert "▲" not in page.words().split("Differences in percentage points")[0]
    assert "math Reason 70.5 % 70.5 % +0.0" in page.words()


def test_only_common_problems_are_paired_and_the_page_says_so(compared, other_run):
    path = other_run / "evaluate" / "reason" / "code.parquet"
    rows = read_table(path, SAMPLE).to_pylist()
    write_table(path, [row | {"problem_id": f"new{i}"} if i < 4 else row for i, row in enumerate(rows)], SAMPLE)
    path = other_run / "evaluate" / "reason" / "math.parquet"
    rows = read_table(path, SAMPLE).to_pylist()
    write_table(path, [row | {"problem_id": f"new{i}"} for i, row in enumerate(rows)], SAMPLE)
    page = compared()
    assert page.has("Only some problems are common to both, and only those are paired: code.")
    assert page.has("No problem in common that both could be scored on: math.")
    assert page.has("no problem could be scored in both")


def test_touched_problems_are_left_out_of_the_clean_line(compared, other_run):
    path = other_run / "evaluate" / "reason" / "math.parquet"
    rows = read_table(path, SAMPLE).to_pylist()
    write_table(path, [row | {"touched": i < 6} for i, row in enumerate(rows)], SAMPLE)
    assert " 90 " in compared().words().split("math, clean Reason")[1].split("code ")[0]


def test_a_table_without_samples_pairs_nothing(compared, other_run):
    write_table(other_run / "evaluate" / "reason" / "code.parquet", SAMPLE.empty_table(), SAMPLE)
    page = compared()
    assert page.has("No problem in common that both could be scored on: code.")
    assert not page.has("Not the same number of samples")


def test_what_makes_two_runs_hard_to_compare_is_said(compared, run_folder, other_run):
    for folder, most in ((run_folder, 256), (other_run, 512)):
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        config["benchmarks"] = [{"name": "humaneval", "max_tokens": most}, {"name": "bfcl_simple", "max_tokens": 256}]
        config["evaluate"] = {"sampling": {}}
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    for run, engine in ((run_folder, "transformers"), (other_run, "vllm")):
        path = run / "evaluate" / "base" / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest |= {"stage": "evaluate-base", "execution": {"engine": engine, "generation_dtype": "bfloat16"}}
        path.write_text(json.dumps(manifest), encoding="utf-8")
    path = run_folder / "evaluate" / "scores.parquet"
    rows = read_table(path, SCORE).to_pylist()
    kept = [row for row in rows if row["benchmark"] != "tool" and (row["stage"], row["benchmark"]) != ("general", "code")]
    write_table(path, kept, SCORE)
    page = compared()
    assert page.has("Not sampled in the same way (A: transformers in bfloat16, B: vllm in bfloat16)")
    assert page.has("Not drawn with the same max_tokens: humaneval.")
    alone = "code (General), tool (Base, Cold start, Reason, General)"
    assert page.has(f"Evaluated in B alone, so not paired: {alone}.")
    assert not page.has("Evaluated in A alone")


def test_how_a_benchmark_was_drawn_counts_and_not_how_it_is_written(compared, run_folder, other_run):
    """What both draw in the same way needs no words, whether common settings or its own say so."""
    cool = {"temperature": 0.6, "top_k": 40}

    def write(folder, common, *own):
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        config["evaluate"] = {"sampling": common}
        config["benchmarks"] = [{"name": name} | of for name, of in zip(("humaneval", "bfcl_simple"), own, strict=True)]
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")

    write(run_folder, cool, {}, {"temperature": 0.0})
    write(other_run, cool, cool, {"temperature": 0.0, "top_p": 1.0})
    assert not compared().has("Not drawn with the same")
    write(other_run, cool, {"temperature": 0.7}, {"temperature": 0.0})
    page = compared()
    assert page.has("Not drawn with the same temperature: humaneval.")
    assert not page.has("Not drawn with the same top_k")
    write(other_run, cool | {"temperature": 0.7}, {"temperature": 0.6}, {"temperature": 0.0})
    page = compared()
    assert page.has("Not drawn with the same temperature: code, instruction, math, tool.")
    assert not page.has("Evaluated with other settings")
    write(other_run, {"temperature": [1]}, {}, {})  # not in a form that is known
    assert not compared().has("Not drawn with the same")


def test_equal_settings_need_no_words(compared):
    page = compared()
    assert not page.has("Not sampled in the same way")
    assert not page.has("Evaluated in")
    assert not page.has("Not drawn with the same")


def test_differences_of_nested_settings():
    first = {"a": {"b": 1, "c": [1]}, "d": 2, "same": {"x": 1}}
    second = {"a": {"b": 2, "c": [1]}, "e": 3, "same": {"x": 1}}
    assert differences(first, second) == [("a.b", 1, 2), ("d", 2, None), ("e", None, 3)]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda run: run.rename(run.with_name("gone")), "no such run"),
        (lambda run: (run / "config.yaml").unlink(), "not a run's folder"),
        (lambda run: (run / "config.yaml").write_text("a: [", encoding="utf-8"), "not readable as YAML"),
        (lambda run: (run / "config.yaml").write_text("- 1", encoding="utf-8"), "not a configuration"),
        (lambda run: (run / "evaluate" / "scores.parquet").unlink(), "not evaluated yet"),
        (lambda run: (run / "evaluate" / "scores.parquet").write_bytes(b"PAR1"), "not a readable parquet file"),
    ],
)
def test_what_is_not_a_finished_run(spoil, says, run_folder, other_run, tmp_path, capsys):
    spoil(other_run)
    out = tmp_path / "both.html"
    assert cli.main(["report", "compare", str(run_folder), str(other_run), "--out", str(out)]) == 2
    assert says in capsys.readouterr().err
    assert not out.exists()


def test_the_same_run_twice_and_a_place_that_is_none(run_folder, other_run, tmp_path, capsys):
    assert cli.main(["report", "compare", str(run_folder), str(run_folder)]) == 2
    assert "the same run twice" in capsys.readouterr().err
    assert cli.main(["report", "compare", str(run_folder), str(other_run), "--out", str(tmp_path)]) == 2
    assert "not a place for a file" in capsys.readouterr().err
