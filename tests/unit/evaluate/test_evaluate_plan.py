"""The gate's power before its results, held against the gate itself; the plan's file; the final model."""

import json
import random
from pathlib import Path

import pytest
import yaml

from openqwq.artifacts.files import write_json, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import PROBLEM, SAMPLE
from openqwq.config.evaluate import EvaluateConfig, Gate
from openqwq.errors import StageFailure, UserError
from openqwq.evaluate import final, gate_plan
from openqwq.evaluate.power import DRIFT, detectable_loss, power, problems_for, sampling_variance, spread
from openqwq.evaluate.statistics import difference

ROOT = Path(__file__).resolve().parents[3]


def simulated(n, k, margin, loss, decided, trials=300):
    """How often the gate's own bootstrap decides so; each problem has a chance of its own, which general changes a little."""
    draw = random.Random(n * k)
    found = 0
    for trial in range(trials):
        before, after = [], []
        for _ in range(n):
            p = draw.uniform(0.2, 0.8)
            q = min(1.0, max(0.0, p - loss + draw.gauss(0, DRIFT)))
            before.append(sum(draw.random() < p for _ in range(k)) / k)
            after.append(sum(draw.random() < q for _ in range(k)) / k)
        found += decided(difference(after, before, samples=k, draws=400, seed=trial), margin)
    return found / trials


@pytest.mark.parametrize(("n", "k", "margin"), [(60, 4, 0.1), (200, 2, 0.1), (40, 1, 0.2)])
def test_the_power_is_that_of_the_gate_itself(n, k, margin):
    deviation = spread(0.25 - 0.03 - 0.0, k, k)  # E p(1 − p) of p uniform on [.2, .8]
    seen = simulated(n, k, margin, 0.0, lambda d, m: d.floor > -m)
    assert power(deviation, n, margin) == pytest.approx(seen, abs=0.08)


def test_the_power_that_the_demo_states_is_that_of_its_sizes():
    text = (ROOT / "config" / "demo.yaml").read_text(encoding="utf-8")
    said, demo = " ".join(text.replace("#", " ").split()), yaml.safe_load(text)
    counts, samples = demo["curate"]["held_out"], demo["evaluate"]["held_out_samples"]

    def told(name, variance):
        n, k = counts[name], samples[name]
        return n, k, f"{100 * power(spread(variance, k, k), n, demo['evaluate']['gate']['margin']):.0f} %"

    n, k, share = told("math", 0.25)  # the largest variance of a single sample that there can be
    assert f"{share} on math (n {n}, k {k})" in said
    n, k, share = told("code", 0.25)
    assert f"{share} on code (n {n}, k {k}) at the largest spread there can be" in said


def test_at_the_margin_one_in_twenty_passes_and_the_detectable_loss_is_detected():
    deviation = spread(0.22, 4, 4)
    assert power(deviation, 100, 0.1, loss=0.1) == pytest.approx(0.05)
    loss = detectable_loss(deviation, 100, 0.05)
    assert simulated(100, 4, 0.05, loss, lambda d, m: d.ceiling < -m) == pytest.approx(0.8, abs=0.08)
    needed = problems_for(deviation, 0.1)
    assert power(deviation, needed, 0.1) == pytest.approx(0.8, abs=0.01)
    assert problems_for(deviation, 0.0) is None


def test_the_spread_is_taken_from_the_samples_without_bias():
    draw = random.Random(1)
    chances = [draw.uniform(0, 1) for _ in range(4000)]  # E p(1 − p) = 1/6
    for k in (2, 8):
        seen = [sum(draw.random() < p for _ in range(k)) / k for p in chances]
        assert sampling_variance(seen, k) == pytest.approx(1 / 6, abs=0.01)
    single = [float(draw.random() < p) for p in chances]
    assert sampling_variance(single, 1) == pytest.approx(0.25, abs=0.01)  # the most there can be
    assert sampling_variance([], 4) == 0.25
    assert 0 < sampling_variance([1.0] * 10, 4) < 0.01


def planned(stage, tmp_path, problem_row, before=True, benchmarks=("math",), **changes):
    write_table(tmp_path / "tables" / "math.parquet", [problem_row(i) for i in range(50)], PROBLEM)
    rows = [
        completion(i, s, "unscorable" if i == 0 else "correct" if (i + s) % 3 else "incorrect") for i in range(50) for s in (0, 1)
    ]
    write_table(tmp_path / "reason" / "math.parquet", rows, SAMPLE)
    value = {"gate": {"benchmarks": list(benchmarks), "margin": 0.1}, "held_out_samples": {"math": 2}} | changes
    config = EvaluateConfig.model_validate_json(json.dumps(value))
    with stage.running():
        gate_plan.run(
            stage, config, [], tmp_path / "tables", tmp_path / "reason" if before else None, tmp_path / "gate_plan.json"
        )
    return json.loads((tmp_path / "gate_plan.json").read_text())


def completion(problem, sample, verdict):
    return {
        "problem_id": f"p{problem:03d}", "domain": "math", "sample": sample, "prompt": "q", "text": "a", "tokens": 3,
        "finish_reason": "stop", "verifier": "math", "reference": "{}", "verdict": verdict,
        "score": {"correct": 1.0, "incorrect": 0.0}.get(verdict), "reason": "", "rewards": [], "seconds": 0.0,
        "turns": None, "calls": None, "failed_calls": None, "vote": None, "mixed": False, "touched": None,
    }  # fmt: skip


def test_the_plan_says_what_the_gate_can_show(stage, tmp_path, problem_row):
    row = planned(stage, tmp_path, problem_row)["benchmarks"][0]
    assert (row["n"], row["k"], row["margin"]) == (49, 2, 0.1)  # one could not be scored
    assert row["spread_from"] == "the accuracies of reason on 49 problems"
    assert row["power"] == pytest.approx(power(row["spread"], 49, 0.1), abs=1e-5)
    assert row["detectable_loss"] > 0.1
    assert row["problems_needed"] > 49
    assert read_manifest(tmp_path / "gate_plan.json")["outputs"]


def test_without_results_of_reason_the_largest_spread_is_assumed(stage, tmp_path, problem_row):
    row = planned(stage, tmp_path, problem_row, before=False)["benchmarks"][0]
    assert (row["n"], row["spread_from"]) == (50, "assumed: the largest there can be")
    assert row["spread"] == pytest.approx(spread(0.25, 2, 2), abs=1e-5)


def test_fewer_samples_of_reason_leave_the_gate_less_power(stage, tmp_path, problem_row):
    row = planned(stage, tmp_path, problem_row, before=False, held_out_samples={"math": 4}, most_samples={"reason": 1})
    row = row["benchmarks"][0]
    assert (row["k"], row["k_before"]) == (4, 1)
    assert row["spread"] == pytest.approx((0.25 / 4 + 0.25 + DRIFT**2) ** 0.5, abs=1e-5)
    both = spread(0.25, 4, 4)
    assert row["power"] < power(both, 50, 0.1)


@pytest.mark.parametrize("before", [True, False])
def test_fewer_problems_of_a_stage_are_the_pairs_of_the_gate(stage, tmp_path, problem_row, before):
    for capped in ("reason", "general")[before:]:  # what reason published is what it was asked
        row = planned(stage, tmp_path, problem_row, before=before, most_problems={capped: 20})["benchmarks"][0]
        assert row["n"] == 20


def test_a_benchmark_that_is_not_there_is_not_planned(stage, tmp_path, problem_row):
    assert planned(stage, tmp_path, problem_row, benchmarks=("math", "code"))["benchmarks"][0]["benchmark"] == "math"


def measured(verdict):
    benchmarks = [{"benchmark": "math", "verdict": "pass"}, {"benchmark": "code", "verdict": verdict}]
    return {"verdict": verdict, "before": "reason", "after": "general", "margin": 0.1, "benchmarks": benchmarks}


@pytest.mark.parametrize(
    ("verdict", "on_fail", "taken"),
    [
        ("pass", "stop", "general"),
        ("pass", "rollback", "general"),
        ("fail", "stop", None),
        ("fail", "warn", "general"),
        ("fail", "rollback", "reason"),
        ("not enough samples", "stop", "general"),
        ("not enough samples", "rollback", "general"),
        ("not measured", "rollback", "general"),
    ],
)
def test_the_final_model_follows_from_verdict_and_on_fail(verdict, on_fail, taken):
    made = final.decide(measured(verdict), Gate(on_fail=on_fail))
    assert (made["stage"], made["verdict"], made["on_fail"]) == (taken, verdict, on_fail)
    assert made["why"]
    assert ("lost more than 10 points to reason on code" in made["why"]) == (verdict == "fail")


def finish(stage, tmp_path, on_fail, verdict="fail"):
    write_json(tmp_path / "gate.json", measured(verdict))
    with stage.running():
        final.run(stage, Gate(on_fail=on_fail), tmp_path / "gate.json", tmp_path / "final.json")


def test_a_failed_gate_stops_the_run_and_leaves_what_was_measured(stage, tmp_path, capsys):
    with pytest.raises(StageFailure, match=r"the gate failed: general lost more than .* on_fail to rollback"):
        finish(stage, tmp_path, "stop")
    assert not (tmp_path / "final.json").exists()
    assert (tmp_path / "gate.json").exists()
    finish(stage, tmp_path, "warn")
    assert "CAUTION: the gate failed" in capsys.readouterr().err
    assert json.loads((tmp_path / "final.json").read_text())["stage"] == "general"
    finish(stage, tmp_path, "rollback")
    assert json.loads((tmp_path / "final.json").read_text())["stage"] == "reason"
    assert read_manifest(tmp_path / "final.json")["outputs"]


def test_a_damaged_gate_is_named(stage, tmp_path):
    (tmp_path / "gate.json").write_text("{}")
    with stage.running(), pytest.raises(UserError, match=r"gate\.json: not what the stage evaluate writes"):
        final.run(stage, Gate(), tmp_path / "gate.json", tmp_path / "final.json")
