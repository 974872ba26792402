"""The whole of config/tiny.yaml through `sbatch`: RL on two nodes through srun, the rest on one."""

import json
import subprocess
import sys

import pytest
import yaml
from conftest import ENVIRONMENT, ROOT, Site

from openqwq.artifacts.lineage import check
from openqwq.artifacts.manifest import read_manifest

pytestmark = pytest.mark.timeout(1500)
STAGES = ("base_model", "curate", "coldstart", "profile", "reason", "reward_model", "general")


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Site:
    config = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    site = Site(tmp_path_factory.mktemp("tiny on slurm") / "work", config, {"reason": 2, "general": 2})  # a path with spaces
    site.snakemake("all")
    return site


def test_every_stage_was_a_job_and_its_artifact_is_whole(done, capsys):
    check(done.run)
    whole = capsys.readouterr().out
    for name in (*STAGES, "report.html"):
        assert f"ok      {done.run / name}\n" in whole
    for rule in (
        "import_model",
        "curate",
        "coldstart",
        "profile",
        "reason",
        "reward_model",
        "general",
        "evaluate-general",
        "report",
    ):
        (log,) = (done.run / "logs" / "attempts").glob(f"{rule}.1.job*.log")
        assert log.read_text() == (done.run / "logs" / f"{rule}.log").read_text()


def test_rl_was_carried_out_by_both_nodes_together(done):
    assert read_manifest(done.run / "reason")["facts"]["processes"] == 2
    assert read_manifest(done.run / "general")["facts"]["processes"] == 2
    assert "processes" not in read_manifest(done.run / "coldstart")["facts"]


def test_status_names_the_jobs(done):
    said = subprocess.run(
        [sys.executable, "-m", "openqwq.cli", "status", str(done.run)],
        env=ENVIRONMENT | {"PYTHONPATH": str(ROOT / "workflow")}, capture_output=True, text=True,
    ).stdout  # fmt: skip
    jobs = {line.split()[0]: line.split()[-1] for line in said.splitlines() if " job " in line}
    for stage in ("coldstart", "reason", "general"):
        assert jobs[stage] == str(json.loads((done.run / stage / "progress.json").read_text())["job"])
    assert len(set(jobs.values())) == len(jobs)


def test_a_finished_run_is_left_alone_there_and_here(done):
    assert "Nothing to be done" in done.snakemake("all")
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(done.folder)]
    command += ["--configfile", str(done.folder / "config.yaml"), "--cores", "2", "-n", "all"]
    here = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True)
    assert "Nothing to be done" in here.stdout + here.stderr, "where a stage runs is no reason to make it again"
