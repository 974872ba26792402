"""The figures of Snakemake's own report: which there are, and that they are pictures with what they should show."""

import shutil
import xml.etree.ElementTree as ET

from openqwq.report.figures import run
from openqwq.stage import Stage


def made(tmp_path, run_folder):
    stage = Stage("report", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    with stage.running():
        run(stage, run_folder, tmp_path / "figures")
    return {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "figures").glob("*.svg")}


def test_each_stage_has_its_figure(tmp_path, run_folder):
    found = made(tmp_path, run_folder)
    trained = {f"{stage}.curves.svg" for stage in ("coldstart", "reason", "reward_model", "general")}
    assert set(found) == {"curate.funnel.svg", "evaluate.scores.svg"} | trained
    for text in found.values():
        assert ET.fromstring(text).tag.endswith("svg")
    assert all(word in found["curate.funnel.svg"] for word in ("deduplicate", "problems", "traces"))
    assert all(word in found["evaluate.scores.svg"] for word in ("coldstart", "general", "math", "avg@k with 95 % interval"))
    assert "Loss" in found["coldstart.curves.svg"]


def test_stages_that_did_not_run_have_none(tmp_path, run_folder):
    part = shutil.copytree(run_folder, tmp_path / "part")
    shutil.rmtree(part / "evaluate")
    shutil.rmtree(part / "general")
    assert {"evaluate.scores.svg", "general.curves.svg"}.isdisjoint(made(tmp_path, part))
