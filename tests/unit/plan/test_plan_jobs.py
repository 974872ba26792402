"""What jobs are given beside what the plan counts with: nodes, and time over the attempts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from plan_helpers import ROOT, config

from openqwq.plan import jobs
from openqwq.plan.run_plan import plan
from openqwq.plan.scaling import scales

SNAKEMAKE = str(Path(sys.executable).parent / "snakemake")


def dry_run(*arguments):
    """What is said of the jobs, as the shipped profile and these arguments have it."""
    done = subprocess.run([SNAKEMAKE, "-n", "all", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    return [line for line in done.stderr.splitlines() if re.match(r"openqwq: \w+: (by the plan|the plan counts)", line)]


def lasts(minutes):
    """Every rule's job gets these minutes, attempt by attempt; the last for ever."""
    return lambda _rule, attempt: minutes[min(attempt, len(minutes)) - 1]


@pytest.mark.parametrize(
    ("hours", "minutes", "number"),
    [(1, [60], 1), (1.01, [60], 2), (5, [60, 120, 120], 3), (101, [60], None), (100, [60], 100), (1, [None], None)],
)
def test_attempts_add_up(hours, minutes, number):
    assert jobs.attempts(hours, "reason", lasts(minutes)) == number


def test_the_shipped_configuration_fits_what_the_shipped_profile_asks_for():
    (line,) = dry_run("--profile", "slurm")
    number = int(re.search(r"openqwq: reason: .*: (\d+) attempts", line)[1])
    retries = int(re.search(r"(?m)^retries: (\d+)", (ROOT / "profiles/slurm/profile.v9+.yaml").read_text())[1])
    assert number <= (retries + 1) / 2, "half as many again, should the plan be wrong by its factor of two"


def test_a_profile_that_gives_less_time_or_other_nodes_is_told_so(tmp_path):
    text = (ROOT / "profiles/slurm/profile.v9+.yaml").read_text()
    text = text.replace("nodes: 4", "nodes: 2").replace("tasks: 4", "tasks: 2")
    text = text.replace("runtime: min(1440 * attempt, 2880)\n  traces", "runtime: 600\n  traces")
    (tmp_path / "short").mkdir()
    (tmp_path / "short" / "profile.v9+.yaml").write_text(text)
    said = "\n".join(dry_run("--profile", str(tmp_path / "short")))
    for stage in ("coldstart", "reason", "reward_model", "general"):
        assert f"{stage}: the plan counts with 4 nodes (hardware.nodes.{stage}), and its job is given 2." in said
    assert re.search(
        r"profile: by the plan a job of profile_shard takes \d+ h, and its first attempt gets 10 h: 2 attempts", said
    )


def test_without_a_limit_of_time_nothing_is_said_of_it_and_one_node_is_one_node():
    said = dry_run("--configfile", "config/qwq-32b.yaml", "--cores", "1")
    assert len(said) == 4
    assert all("and its job is given 1" in line for line in said)
    assert dry_run("--configfile", "config/demo.yaml", "--cores", "1") == []


def test_the_jobs_of_the_scaling_table_are_those_of_the_dag():
    done = subprocess.run([SNAKEMAKE, "-n", "all", "--profile", "slurm"], cwd=ROOT, capture_output=True, text=True, timeout=100)
    counts = dict(re.findall(r"(?m)^(\w+) +(\d+)$", done.stdout + done.stderr))
    local = ("all", "curate_shards", "profile_shards", "evaluate_shards", "gate_plan", "evaluate", "total")
    submitted = sum(int(count) for rule, count in counts.items() if rule not in local)
    assert int(counts["evaluate_shard"]) == 16
    assert scales(config(), [("Qwen/Qwen2.5-32B", "H100", 8)])[0].jobs == submitted


def test_a_job_of_evaluation_is_one_checkpoint_s():
    made = plan(config())
    evaluate = next(stage for stage in made.stages if stage.name == "evaluate")
    assert evaluate.job_hours == pytest.approx(evaluate.hours / 4)
    enough = [60 * evaluate.job_hours + 1]

    def said(minutes):
        return [line for line in jobs.remarks(made, lambda _: True, lambda _: 4, lasts(minutes)) if line.startswith("evaluate")]

    assert not said(enough)
    assert said([enough[0] - 2])


def test_a_rule_that_is_given_no_gpu_is_named(tmp_path):
    text = (ROOT / "profiles/slurm/profile.v9+.yaml").read_text()
    text = text.replace('    gres: "gpu:8"\n    mem_mb: min(500000', "    mem_mb: min(500000")
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "profile.v9+.yaml").write_text(text)
    said = "\n".join(dry_run("--profile", str(tmp_path / "none")))
    for stage, rule in (("profile", "profile_shard"), ("evaluate", "evaluate_shard")):
        assert f"{stage}: the plan counts with GPUs, and the profile asks for none for the rule {rule}." in said
    assert "reason: the plan counts with GPUs" not in said


@pytest.mark.parametrize(
    ("mark", "right", "wrong", "said"),
    [
        ("set-resources:\n", "  reason:", "  resaon:", "there is no rule 'resaon'.*perhaps 'reason'"),
        ("set-threads:\n", "  reason:", "  resaon:", "there is no rule 'resaon'.*perhaps 'reason'"),
        ("set-resources:\n", "    nodes: 4", "    node: 4", "the rule coldstart mpi, nodes None and tasks 4"),
        ("set-resources:\n", "    tasks: 4", "    tasks: 1", "the rule coldstart mpi, nodes 4 and tasks 1"),
    ],
)
def test_a_mistyped_profile_ends_the_start_with_one_paragraph(tmp_path, mark, right, wrong, said):
    head, mark, tail = (ROOT / "profiles/slurm/profile.v9+.yaml").read_text().partition(mark)
    (tmp_path / "typo").mkdir()
    (tmp_path / "typo" / "profile.v9+.yaml").write_text(head + mark + tail.replace(right, wrong, 1))
    done = subprocess.run(
        [SNAKEMAKE, "-n", "all", "--profile", str(tmp_path / "typo")], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 2
    assert re.search(said, [line for line in done.stderr.splitlines() if line.startswith("openqwq: ")][-1])
    assert "Traceback" not in done.stderr
