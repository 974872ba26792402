"""The launcher, with a real Snakemake on a tiny workflow: killed runs, stale locks, signals, a second launch."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LAUNCH = Path(__file__).resolve().parents[3] / "workflow" / "launch.py"
SNAKEFILE = """
rule all:
    input: "results/tiny/report.html"

rule slow:
    output: "results/tiny/slow.txt"
    shell: "echo $$ > slow.pid; [ ! -e hold ] || sleep 60; touch {output}"

rule report:
    input: "results/tiny/slow.txt"
    output: "results/tiny/report.html"
    shell: "command -v openqwq-marker; touch {output}"
"""


@pytest.fixture
def checkout(tmp_path):
    """A folder like a checkout, with a workflow of two jobs; `slow` blocks while the file `hold` exists."""
    (tmp_path / "workflow").mkdir()
    shutil.copy(LAUNCH, tmp_path / "workflow" / "launch.py")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "demo.yaml").write_text("run: tiny  # name\n")
    # An environment of its own folder, as a virtual environment has, with a program that rules call by name.
    bin_folder = tmp_path / "env" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "python").symlink_to(sys.executable)
    for name, line in (("snakemake", f"import sys; sys.argv[0] = 'snakemake'; {RUN}"), ("openqwq-marker", "")):
        program(bin_folder / name, line)
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    return tmp_path


RUN = "from snakemake.cli import main; main()"


def program(path, code):
    """A Python program; a first line naming the interpreter would break where its path has a space."""
    path.write_text(f"#!/bin/sh\n'''exec' \"{sys.executable}\" \"$0\" \"$@\"\n' '''\n{code}\n")
    path.chmod(0o755)
    return path


def start(checkout, *arguments):
    command = [str(checkout / "env/bin/python"), "workflow/launch.py", *arguments]
    return subprocess.Popen(
        command, cwd=checkout, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def launch(checkout, *arguments):
    process = start(checkout, *arguments)
    output = process.communicate(timeout=60)[0]
    return process.returncode, output


def wait_for(condition, what, seconds=30):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, f"{what} did not come within {seconds} s"
        time.sleep(0.05)


def started_and_blocked(checkout):
    """A launch whose first job is at work and stays so."""
    (checkout / "hold").touch()
    process = start(checkout)
    wait_for(lambda: (checkout / "slow.pid").exists() and (checkout / "slow.pid").read_text().strip(), "the job")
    return process


def processes_in(checkout):
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if os.readlink(entry / "cwd") == str(checkout):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def kill_all(checkout, *, but=()):
    for pid in processes_in(checkout):
        if pid not in but:
            os.kill(pid, signal.SIGKILL)


def test_runs_then_has_nothing_to_do(checkout):
    code, output = launch(checkout)
    assert code == 0, output
    assert output.endswith("done: see results/tiny/report.html\n")
    begun = time.time()
    code, output = launch(checkout)
    assert code == 0
    assert output.endswith("nothing to do: tiny is complete; see results/tiny/report.html\n")
    assert time.time() - begun < 15


def test_a_dry_run_says_nothing_of_a_report(checkout):
    code, output = launch(checkout, "-n")
    assert code == 0
    assert "report.html\n" not in output.splitlines()[-1]
    assert not (checkout / "results").exists()


def test_a_failing_job_gives_its_exit_code_and_no_promise(checkout):
    (checkout / "env/bin/openqwq-marker").unlink()
    code, output = launch(checkout)
    assert code == 1
    assert "done: see" not in output


def test_goes_on_after_kill_9_of_the_whole_tree(checkout):
    process = started_and_blocked(checkout)
    kill_all(checkout)
    process.wait(timeout=10)
    assert list((checkout / ".snakemake/locks").iterdir()), "the premise: a killed Snakemake leaves its lock"
    (checkout / "hold").unlink()
    code, output = launch(checkout)
    assert code == 0, output
    assert "removing the lock that a killed run left" in output
    assert (checkout / "results/tiny/report.html").exists()


def test_goes_on_after_kill_9_of_snakemake_alone_though_its_job_lives(checkout):
    process = started_and_blocked(checkout)
    jobs = processes_in(checkout)
    group = [pid for pid in jobs if b"snakemake" in Path(f"/proc/{pid}/cmdline").read_bytes() or pid == process.pid]
    for pid in group:
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=10)
    assert processes_in(checkout), "the premise: the job's shell lives on"
    (checkout / "hold").unlink()
    try:
        code, output = launch(checkout)
    finally:
        kill_all(checkout)
    assert code == 0, output


def test_refuses_while_a_stage_of_a_killed_run_lives(checkout):
    openqwq = program(checkout / "env/bin/openqwq", "import time; time.sleep(60)")
    orphan = subprocess.Popen([str(openqwq), "sft"], cwd=checkout)
    try:
        wait_for(lambda: b"python" in Path(f"/proc/{orphan.pid}/cmdline").read_bytes(), "the stage")
        code, output = launch(checkout)
    finally:
        orphan.kill()
        orphan.wait()
    assert code == 2
    assert f"kill {orphan.pid}" in output
    assert output.count("\n") == 1


def test_a_person_looking_on_does_not_stop_a_launch(checkout):
    openqwq = program(checkout / "env/bin/openqwq", "import time; time.sleep(60)")
    onlooker = subprocess.Popen([str(openqwq), "status", "results/tiny"], cwd=checkout)
    try:
        code, output = launch(checkout)
    finally:
        onlooker.kill()
        onlooker.wait()
    assert code == 0, output


def test_two_launches_cannot_overlap(checkout):
    first = started_and_blocked(checkout)
    try:
        code, output = launch(checkout)
    finally:
        first.send_signal(signal.SIGTERM)
        first.wait(timeout=30)
    assert code == 2
    assert str(first.pid) in output
    assert output.count("\n") == 1


def test_the_launch_lock_outlives_a_killed_launcher_while_its_snakemake_works(checkout):
    first = started_and_blocked(checkout)
    first.kill()
    first.wait(timeout=10)
    try:
        code, output = launch(checkout)
    finally:
        kill_all(checkout)
    assert code == 2
    assert "at work" in output


def test_a_live_snakemake_started_by_hand_keeps_its_lock(checkout):
    (checkout / "hold").touch()
    by_hand = subprocess.Popen([str(checkout / "env/bin/snakemake"), "--cores", "1"], cwd=checkout, stderr=subprocess.DEVNULL)
    try:
        wait_for((checkout / "slow.pid").exists, "the job")
        code, output = launch(checkout)
    finally:
        kill_all(checkout)
        by_hand.wait(timeout=10)
    assert code == 2
    assert f"kill {by_hand.pid}" in output


def test_a_lock_of_another_host_is_left_alone(checkout):
    (checkout / ".snakemake/locks").mkdir(parents=True)
    (checkout / ".snakemake/locks/0.output.lock").write_text("x\n")
    (checkout / ".snakemake/openqwq.lock").write_text("17 another-host\n")
    code, output = launch(checkout)
    assert code == 2
    assert "another-host" in output
    assert "--unlock" in output
    assert (checkout / ".snakemake/locks/0.output.lock").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_whole_tree(checkout, number):
    process = started_and_blocked(checkout)
    process.send_signal(number)
    output = process.communicate(timeout=30)[0]
    assert process.returncode != 0, output
    wait_for(lambda: not processes_in(checkout), "the end of the jobs", 10)
    with open(checkout / ".snakemake/openqwq.lock", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free again


def test_run_and_results_are_read_from_arguments_profile_and_config(checkout):
    (checkout / "config/other.yaml").write_text('results: "out"\nrun: "other"\nx:\n  run: no\n')
    (checkout / "prof").mkdir()
    (checkout / "prof/profile.v9+.yaml").write_text("executor: local\ncores: 1\nconfigfile: config/other.yaml\n")
    (checkout / "out/other").mkdir(parents=True)
    (checkout / "out/other/report.html").touch()
    launch(checkout)
    for arguments, expected in (
        (["--configfile", "config/other.yaml"], "out/other"),
        (["--profile", "prof"], "out/other"),
        (["--config", "run=tiny"], "results/tiny"),
    ):
        code, output = launch(checkout, *arguments)
        assert code == 0, output
        assert output.endswith(f"see {expected}/report.html\n"), (arguments, output)


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), ("a: [1", "not readable as YAML"), ("- 1", "mapping of keys, this is list")]
)
def test_a_configuration_that_cannot_be_read_is_one_paragraph(checkout, content, said):
    if content is not None:
        (checkout / "config" / "mine.yaml").write_text(content)
    for given in (["--configfile", "config/mine.yaml"], ["--configfile=config/mine.yaml"]):
        process = start(checkout, *given)
        output = process.communicate(timeout=60)[0]
        assert process.returncode == 2
        assert output.startswith("openqwq: config/mine.yaml: ")
        assert said in output
        assert output.count("\n") == 1


def test_without_an_environment_it_says_what_to_do(checkout):
    (checkout / "env/bin/snakemake").unlink()
    code, output = launch(checkout)
    assert code == 2
    assert "make env" in output


def test_every_command_that_a_rule_starts_counts_as_a_stage_that_may_live_on():
    rules = (LAUNCH.parent / "rules").glob("*.smk")
    started = {name for path in rules for name in re.findall(r"\bopenqwq ([a-z][a-z-]+)", path.read_text())}
    assert {"sft", "sample-traces", "release"} <= started
    text = LAUNCH.read_text()
    told = set(re.findall(r'"([a-z-]+)"', text[text.index("STAGES = {") : text.index("DEFAULT_CONFIG")]))
    assert started <= told
