"""What the rules put before a stage's command, and what stays of each attempt; no cluster is needed for either."""

import os
import re
import signal
import subprocess

import pytest
import yaml
from conftest import BIN, ENVIRONMENT, ROOT, Workspace

SCRIPT = ROOT / "workflow" / "rules" / "attempt.sh"
TRAINING = ("coldstart", "reason", "reward_model", "general")
INSTANT = ("gate_plan", "evaluate")  # they read a table and write a few numbers


def commands(*arguments):
    """Of each rule the command that it would run."""
    done = subprocess.run(
        [str(BIN / "snakemake"), "-n", "-p", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    blocks = re.split(r"\n(?=(?:local)?rule )", done.stdout + done.stderr)
    found = {}
    for block in blocks:
        if (rule := re.match(r"(?:local)?rule (\w+):", block)) and (shell := re.search(r"Shell command: (attempt .*)", block)):
            found[rule[1]] = shell[1]
    return found


def test_on_the_cluster_training_starts_once_a_node_and_every_stage_knows_when_its_time_is_over():
    found = commands("--profile", "slurm", "all")
    assert set(TRAINING) < set(found)
    srun = "srun --nodes=4 --ntasks-per-node=1 --ntasks=4 --cpus-per-task=64 --gres=gpu:8 --kill-on-bad-exit=1 --mpi=none openqwq"
    for rule, command in found.items():
        assert ("OPENQWQ_DEADLINE=$(($(date +%s) + " in command) == (rule not in INSTANT), rule
        assert (srun in command) == (rule in TRAINING), rule
    seconds = int(re.search(r"%s\) \+ (\d+)\)", found["reason"])[1])
    assert seconds == 2880 * 60 - 60


def test_on_one_machine_nothing_stands_before_the_command():
    for rule, command in commands("--cores", "1", "all").items():
        assert re.match(r"attempt \S+ +openqwq ", command), rule
        assert "DEADLINE" not in command


def test_the_profile_names_rules_that_there_are():
    profile = yaml.safe_load((ROOT / "profiles/slurm/profile.v9+.yaml").read_text())
    rules = set(re.findall(r"(?m)^rule (\w+):", "".join(p.read_text() for p in (ROOT / "workflow/rules").glob("*.smk"))))
    assert set(profile["set-resources"]) | set(profile["set-threads"]) <= rules
    for rule in TRAINING:
        resources = profile["set-resources"][rule]
        assert resources["nodes"] == resources["tasks"] == 4
        assert (resources["mpi"], resources["gres"], resources["tasks_per_gpu"]) == ("srun", "gpu:8", 0)
    for text in (path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk")):
        assert not re.search(r"partition|account|gpu:\d|runtime *=", text), "what depends on the site stands in the profile"


def attempt(folder, command, **environment):
    script = f'set -euo pipefail; source "{SCRIPT}"; attempt "{folder}/logs/one.log" {command}; echo "code $?"'
    settings = ENVIRONMENT | {"OPENQWQ_ATTEMPTS": str(folder / "logs" / "attempts")} | environment
    return subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=settings)


def test_each_attempts_log_is_kept_under_its_number_and_job(tmp_path):
    folder = tmp_path / "a folder"
    assert attempt(folder, "sh -c 'echo first; exit 3'").returncode == 3
    (folder / "logs" / "one.log").unlink()  # as Snakemake does
    done = attempt(folder, "echo second", SLURM_JOB_ID="41")
    assert done.stdout == "second\ncode 0\n"
    kept = folder / "logs" / "attempts"
    assert sorted(path.name for path in kept.iterdir()) == ["one.1.log", "one.2.job41.log"]
    assert (kept / "one.1.log").read_text().startswith("first\n")
    assert (kept / "one.2.job41.log").read_text() == (folder / "logs" / "one.log").read_text() == "second\n"


@pytest.mark.parametrize(
    ("command", "code", "last"),
    [
        ("sh -c 'echo openqwq: x: mend it. >&2; exit 2'", 2, "openqwq: x: mend it."),
        ("sh -c 'echo openqwq: x: mend it. >&2; echo srun: error: task 0: exit 75; exit 75'", 75, "openqwq: x: mend it."),
        ("sh -c 'echo Traceback; exit 1'", 1, "openqwq: one ended with exit code 1 and could not say why.*start again"),
        ("sh -c 'kill -9 $$'", 137, "openqwq: one ended with exit code 137 and could not say why.*memory"),
    ],
)
def test_the_last_line_of_a_failed_attempt_names_the_remedy(tmp_path, command, code, last):
    assert attempt(tmp_path, command).returncode == code
    for path in (tmp_path / "logs" / "one.log", *(tmp_path / "logs" / "attempts").iterdir()):
        lines = path.read_text().splitlines()
        assert re.match(last, lines[-1])
        assert sum(bool(re.match(last, line)) for line in lines) <= 2


def test_a_signal_to_all_leaves_the_stage_the_last_word(tmp_path):
    stage = "trap 'sleep 0.5; echo openqwq: saved; exit 75' TERM; echo ready; while :; do sleep 0.05; done"
    (tmp_path / "stage.sh").write_text(stage)
    script = f'set -euo pipefail; source "{SCRIPT}"; attempt "{tmp_path}/one.log" bash "{tmp_path}/stage.sh"'
    process = subprocess.Popen(
        ["bash", "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True,
        env=ENVIRONMENT | {"OPENQWQ_ATTEMPTS": str(tmp_path / "attempts")},
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    os.killpg(process.pid, signal.SIGTERM)
    assert process.wait(timeout=20) == 75
    assert (tmp_path / "one.log").read_text().splitlines()[-1] == "openqwq: saved"


def test_a_failed_run_keeps_what_its_attempts_said(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.run.mkdir(parents=True)
    (workspace.run / ".state").write_text("")  # where the folder of the stage's state ought to be
    workspace.snakemake("import_model", "--retries", "1")
    logs = sorted((workspace.run / "logs" / "attempts").iterdir())
    assert [path.name for path in logs] == ["import_model.1.log", "import_model.2.log"]
    assert all(path.read_text().splitlines()[-1].startswith("openqwq: ") for path in logs)
