"""The gate of a finished run: its plan, its ends, and the reward model's figures."""

import json
import shutil
from datetime import datetime, timedelta

import pytest
import yaml
from conftest import ROOT, Workspace, planned

from openqwq.artifacts.files import read_table, write_json
from openqwq.artifacts.lineage import lineage
from openqwq.artifacts.manifest import describe, manifest_path, read_manifest
from openqwq.artifacts.schemas import PAIR
from openqwq.release.build import Wishes, prepare

pytestmark = pytest.mark.timeout(1500)  # the run itself is made in the first test that asks for it


def test_the_plan_of_the_gate_stood_before_the_results_that_it_is_about(tiny):
    written, measured = (read_manifest(tiny.run / "evaluate" / name) for name in ("gate_plan.json", "general"))
    started = datetime.fromisoformat(measured["finished"]) - timedelta(seconds=measured["wall_seconds"])
    assert datetime.fromisoformat(written["finished"]) <= started + timedelta(seconds=1), "which are told to the second"
    assert "general" not in written["inputs"]


def test_another_end_of_a_failed_gate_measures_nothing_again_and_another_margin_general_alone(tiny, tmp_path):
    values = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    values["evaluate"]["gate"]["on_fail"] = "warn"
    (tmp_path / "warn.yaml").write_text(yaml.safe_dump(values))
    jobs = planned(tiny.snakemake("all", "-n", config=tmp_path / "warn.yaml").stdout)
    assert {k: v for k, v in jobs.items() if k != "total"} == {"evaluate": 1, "report": 1, "all": 1}
    values["evaluate"]["gate"] |= {"on_fail": "rollback", "margin": 0.2}
    (tmp_path / "margin.yaml").write_text(yaml.safe_dump(values))
    jobs = planned(tiny.snakemake("all", "-n", config=tmp_path / "margin.yaml").stdout)
    again = ("gate_plan", "evaluate_shard", "evaluate_shards", "evaluate_checkpoint", "compare", "evaluate", "report", "all")
    assert {k: v for k, v in jobs.items() if k != "total"} == dict.fromkeys(again, 1), "of general alone: under its own plan"


@pytest.fixture
def failed(tiny, tmp_path):
    """A copy of the run whose gate has failed: nothing so small loses anything that could be shown."""
    copied = Workspace(tmp_path / "copied")
    shutil.copytree(tiny.folder, copied.folder, symlinks=True)
    place = copied.run / "evaluate" / "gate.json"
    gate = json.loads(place.read_text())
    gate["benchmarks"][0] |= {"verdict": "fail"}
    write_json(place, gate | {"verdict": "fail"})
    recorded = read_manifest(place)
    write_json(manifest_path(place), recorded | {"outputs": {name: one.to_json() for name, one in describe(place).items()}})
    return copied


def test_a_failed_gate_stops_the_run_keeps_the_scores_and_has_a_report_or_goes_back_to_reason(failed, tmp_path):
    values = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    for end in ("stop", "rollback"):
        values["evaluate"]["gate"]["on_fail"] = end
        (tmp_path / f"{end}.yaml").write_text(yaml.safe_dump(values))
    final, page = failed.run / "evaluate" / "final.json", failed.run / "report.html"
    page.unlink()
    assert "evaluate" not in planned(failed.snakemake("report", "-n", config=tmp_path / "stop.yaml").stdout), "nor what fails"
    jobs = planned(failed.snakemake("all", "-n", config=tmp_path / "stop.yaml").stdout)
    assert {k: v for k, v in jobs.items() if k != "total"} == {"evaluate": 1, "report": 1, "all": 1}, "nothing is measured anew"
    done = failed.snakemake("all", config=tmp_path / "stop.yaml")
    assert done.returncode != 0
    assert "the gate failed: general lost more than 10 points to reason" in done.stdout
    assert not final.exists()
    assert "No final model: <code>on_fail</code> is <code>stop</code>" in page.read_text()
    assert (failed.run / "evaluate" / "scores.parquet").exists()
    done = failed.snakemake("all", config=tmp_path / "rollback.yaml")
    assert done.returncode == 0, done.stdout[-3000:]
    assert json.loads(final.read_text())["stage"] == "reason"
    assert prepare(failed.run, Wishes()).source.stage == "reason"


def test_the_reward_model_tells_what_is_simpler(tiny):
    found = json.loads((tiny.run / "reward_model" / "accuracy.json").read_text())
    assert {row["source"] for row in found["by_source"]} == {"preferences", "verdicts/math"}
    assert found["control"]["steps"] == 3
    assert found["baselines"]["length"]["n"] == found["n"]
    pairs = read_table(tiny.run / "reward_model" / "pairs.parquet", PAIR).to_pandas()
    assert set(pairs.split) >= {"train", "held_out"}
    assert lineage(tiny.run / "reward_model" / "checkpoint")["inputs"]["completions"]["stage"] == "profile"
