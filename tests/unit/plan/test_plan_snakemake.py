"""The plan where Snakemake parses: once in a dry run, an error before anything is queued, nothing in a job's own parse."""

import subprocess
import sys
from pathlib import Path

import pytest
from plan_helpers import ROOT

HEAD = "plan of qwq-32b: Qwen/Qwen2.5-32B"


def snakemake(*arguments, configuration="config/qwq-32b.yaml"):
    command = [str(Path(sys.executable).parent / "snakemake"), "--configfile", str(configuration), "--cores", "1", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


@pytest.fixture
def too_few_nodes(tmp_path):
    text = (ROOT / "config" / "qwq-32b.yaml").read_text(encoding="utf-8")
    path = tmp_path / "few.yaml"
    path.write_text(text.replace("general: 4}", "general: 1}"), encoding="utf-8")
    return path


def test_a_dry_run_prints_the_plan_once():
    done = snakemake("-n", "all")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(HEAD) == 1
    assert HEAD not in done.stdout
    assert HEAD not in snakemake("-n", "--quiet", "all", "--", "all").stderr


def test_what_cannot_fit_ends_before_anything_is_queued(too_few_nodes):
    done = snakemake("-n", "all", configuration=too_few_nodes)
    assert done.returncode == 2
    assert "general: training" in done.stderr
    assert "hardware.nodes.general" in done.stderr
    assert "Traceback" not in done.stderr
    assert "rule general" not in done.stdout


@pytest.mark.parametrize("mode", ["subprocess", "remote"])
def test_a_job_parses_without_the_plan(too_few_nodes, mode):
    done = snakemake("--mode", mode, "--list-rules", configuration=too_few_nodes)
    assert done.returncode == 0, done.stderr
    assert "plan of" not in done.stderr
