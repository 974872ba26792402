"""Damaged files end the report with words; hostile and extreme text is shown, and does nothing."""

import json
from pathlib import Path

import pytest
from page_helpers import answers, charts, samples

from openqwq.artifacts.files import read_table, write_json, write_table
from openqwq.artifacts.schemas import FUNNEL, METRIC, SAMPLE, SCORE
from openqwq.errors import UserError

EVIL = "</script><script>alert(1)</script></pre><img src=x onerror=alert(2)><!--\" onmouseover='alert(3)'"


def change(path: Path, schema, **values) -> None:
    rows = read_table(path, schema).to_pylist()
    write_table(path, [{**rows[0], **values}, *rows[1:]], schema)


def test_text_of_models_and_files_does_nothing(build, run_folder, run_config):
    for stage in ("base", "coldstart", "reason", "general"):
        change(
            run_folder / "evaluate" / stage / "math.parquet", SAMPLE, text=f"<think>{EVIL}</think>{EVIL}", prompt=EVIL,
            reference=json.dumps({"answer": EVIL}), reason=EVIL, problem_id=EVIL, verifier=EVIL,
        )  # fmt: skip
    change(run_folder / "reason" / "metrics.parquet", METRIC, name=f"reward/{EVIL}")
    change(run_folder / "curate" / "funnel.parquet", FUNNEL, source=EVIL, step=EVIL)
    page = build(run_folder, run_config | {"run": EVIL})
    assert len(page.scripts) == 6  # the charts' data, the chart library, the samples, the page's own three
    assert [tag for tag, _ in page.elements if tag in ("img", "iframe", "svg", "object")] == []
    assert [name for _, attrs in page.elements for name in attrs if name.startswith("on")] == []
    assert page.text.count("<script>alert(1)</script>") >= 4  # shown as text
    hostile = [answer for answer in answers(page) if answer["reason"] == EVIL]
    assert [answer["stage"] for answer in hostile] == ["base", "coldstart", "reason", "general"]
    assert {(answer["answer"], answer["thinking"]) for answer in hostile} == {(EVIL, EVIL)}
    names = {row["name"] for row in charts(page)["reason-1"]["data"]["values"]}
    assert EVIL in names
    assert [script for script in page.scripts[0:3:2] if set("<>&\u2028\u2029") & set(script)] == []


def test_a_missing_run_folder_and_damaged_files(build, run_folder):
    with pytest.raises(UserError, match="no such run folder"):
        build(run_folder / "nowhere")
    (run_folder / "evaluate" / "gate.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"gate\.json: not readable"):
        build(run_folder)
    write_json(run_folder / "evaluate" / "gate.json", {"verdict": "pass", "margin": 0.03, "before": "reason", "benchmarks": []})
    (run_folder / "reason" / "metrics.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"reason/metrics\.parquet: not a readable parquet file"):
        build(run_folder)


@pytest.mark.parametrize(
    ("file", "schema", "column", "value"),
    [
        ("evaluate/scores.parquet", SCORE, "low", float("nan")),
        ("evaluate/scores.parquet", SCORE, "unscorable", float("nan")),
        ("evaluate/base/math.parquet", SAMPLE, "score", float("nan")),
        ("reason/metrics.parquet", METRIC, "value", float("inf")),
    ],
)
def test_a_figure_that_is_no_number_is_damage(build, run_folder, file, schema, column, value):
    change(run_folder / file, schema, **{column: value})
    with pytest.raises(UserError, match=rf"{file}: a value of the column '{column}' is no number"):
        build(run_folder)


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"outputs": []}', '{"outputs": {"a": 3}}', '{"outputs": {"a": {"bytes": 3}}}']
)
def test_a_damaged_manifest_is_named(build, run_folder, text):
    (run_folder / "reason" / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"reason/manifest\.json: (damaged|not a manifest)"):
        build(run_folder)


def test_json_that_is_none_is_damage(build, run_folder):
    path = run_folder / "evaluate" / "gate.json"
    whole = path.read_text(encoding="utf-8")
    for spoilt in (whole.replace('"margin": 0.03', '"margin": NaN'), "[" * 100_000):
        path.write_text(spoilt, encoding="utf-8")
        with pytest.raises(UserError, match=r"gate\.json: not readable as JSON"):
            build(run_folder)


def test_half_a_surrogate_pair_and_signs_that_turn_text_are_escapes(build, run_folder, run_config):
    """JSON can hold the first; the second would show another order than a verifier has read."""
    path = run_folder / "evaluate" / "base" / "math.parquet"
    change(path, SAMPLE, reference='{"answer": "\\ud800"}', text="\u202e4321 \u2067x", reason="\u202eno", prompt="\u202dhi")
    page = build(run_folder, run_config | {"report": {"title": "a \udfff title", "samples": 3}})
    assert page.has("a \\udfff title")
    card = next(problem for problem in samples(page)["problems"] if problem["reference"].startswith("answer: \ud800"))
    assert card["turns"] == [["prompt", "\\u202dhi"]]
    assert (card["answers"][0]["answer"], card["answers"][0]["reason"]) == ("\\u202e4321 \\u2067x", "\\u202eno")


@pytest.mark.parametrize("reference", ["[" * 100_000, "9" * 5000])
def test_a_reference_that_python_does_not_read_is_shown_as_it_is(build, run_folder, reference):
    change(run_folder / "evaluate" / "base" / "math.parquet", SAMPLE, reference=reference)
    assert samples(build(run_folder))["problems"][0]["reference"].startswith(reference[:100])


def test_a_conversation_of_many_turns_and_a_long_reason_lose_their_middle(build, run_folder):
    turn = "<think>\nx\n</think>\n\nz<|im_end|>\n<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\n"
    for stage in ("base", "coldstart", "reason", "general"):
        path = run_folder / "evaluate" / stage / "tool.parquet"
        change(path, SAMPLE, text=turn * 9000 + "end<|im_end|>", turns=9001, verifier="environment", reason="r" * 100_000)
    page = build(run_folder)
    said = next(answer for answer in answers(page) if answer["said"])
    assert len(said["said"]) == 41
    assert ["…", "[… 17960 turns …]"] in said["said"]
    assert len(said["reason"]) < 7000
    assert (run_folder / "report.html").stat().st_size < 2_500_000


def test_differences_have_their_p_value_and_figures_what_stands_beside_them(build, run_folder):
    page = build(run_folder)
    words = page.words()
    assert "n p detectable" in words
    assert " 96 0.04 " in words.split("math Base Cold start")[1][:80]
    assert "cut unscorable mixed tokens each in all time" in words
    assert "0.0 % 0.0 % 41 7 680 21s" in words


def test_a_benchmark_without_samples_is_left_out(build, run_folder):
    for stage in ("base", "coldstart", "reason", "general"):
        write_table(run_folder / "evaluate" / stage / "code.parquet", SAMPLE.empty_table(), SAMPLE)
    assert "code" not in {problem["benchmark"] for problem in samples(build(run_folder))["problems"]}
