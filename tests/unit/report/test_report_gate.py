"""The reward model, the watch, the gate with its plan and the final model, on the page."""

from page_helpers import charts

from openqwq.artifacts.files import read_table, write_json, write_table
from openqwq.artifacts.schemas import METRIC
from openqwq.report.gate import final


def test_the_reward_model_is_shown_beside_what_is_simpler(build, run_folder):
    page = build(run_folder)
    assert page.has("on pairs of <b>pairs</b>")  # as text
    assert "<b>pairs</b>" not in (run_folder / "report.html").read_text()
    for told in (
        "where the chosen one is shorter",
        "preferring the longer",
        "as many chosen are longer as shorter",
        "trained on shuffled labels, 7 steps",
        "4.3 %",
    ):
        assert page.has(told), told
    assert "reward_model-calibration" in charts(page)


def test_a_plan_is_shown_before_there_is_a_gate_and_a_stopped_run_says_so(build, run_folder):
    (run_folder / "evaluate" / "gate.json").unlink()
    assert build(run_folder).has("not yet")
    stopped = {"verdict": "fail", "before": "reason", "after": "general", "margin": 0.03}
    row = {"benchmark": "math", "n": 9, "difference": -0.2, "lower": -0.3, "upper": -0.1, "verdict": "fail", "why": "below"}
    write_json(run_folder / "evaluate" / "gate.json", stopped | {"benchmarks": [row], "comparisons": []})
    (run_folder / "evaluate" / "final.json").unlink()
    assert build(run_folder).has("No final model: on_fail is stop")


def test_a_final_model_of_an_earlier_decision_is_not_shown():
    taken = {"stage": "reason", "why": "lost", "verdict": "fail", "on_fail": "rollback"}
    failed, passed = {"verdict": "fail"}, {"verdict": "pass"}
    assert final(taken, failed, "rollback") == final(taken, failed, None) == taken
    assert final(taken, failed, "stop") is None
    assert final(taken, passed, "rollback") is None
    assert final(taken | {"verdict": "pass"}, passed, "stop") is not None, "what a failed gate would do decided nothing"
    assert final(None, failed, "stop") is None


def test_the_watch_is_a_chart(build, run_folder):
    path = run_folder / "general" / "metrics.parquet"
    rows = read_table(path, METRIC).to_pylist()
    more = [
        {"step": step, "name": name, "value": step / 10, "seconds": 1.0}
        for step in range(1, 9)
        for name in ("watch/reward_model", "watch/rules", "watch/rules_change", "watch/length_taste")
    ]
    write_table(path, rows + more, METRIC)
    page = build(run_folder)
    for title in (
        "Reward model's score and rules' score",
        "Change over the watch's window",
        "Rank correlation of reward model's",
    ):
        assert page.has(title), title
