"""Two nodes of two processes each train together, over gloo; whatever ends the job, the result is that of a run left alone."""

import hashlib
import os
import signal
import subprocess

import psutil
import pytest
import yaml
from conftest import BIN, ENVIRONMENT, ROOT, Site, copied, tool, until

from openqwq.artifacts.files import read_table
from openqwq.artifacts.lineage import check
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import METRIC

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("quiet")]
SAVES = 4  # steps between two saves


@pytest.fixture(scope="module")
def prepared(tmp_path_factory) -> Site:
    """The model and the tables, made here."""
    config = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    config["coldstart"] |= {"epochs": 20, "micro_batch_size": 4}
    config["execution"] |= {"processes": 2, "saving": {"coldstart": SAVES}}
    site = Site(tmp_path_factory.mktemp("slurm") / "work", config, {"coldstart": 2})
    command = [str(BIN / "snakemake"), "--snakefile", str(ROOT / "Snakefile"), "--directory", str(site.folder), "--cores", "2"]
    command += ["import_model", "curate", "--configfile", str(site.folder / "config.yaml")]
    made = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert made.returncode == 0, made.stdout[-4000:]
    return site


@pytest.fixture(scope="module")
def undisturbed(prepared, tmp_path_factory) -> Site:
    site = copied(prepared, tmp_path_factory.mktemp("undisturbed") / "work")
    site.snakemake("coldstart", retries=0)
    assert read_manifest(site.run / "coldstart")["facts"]["processes"] == 4
    (log,) = site.attempts("coldstart")
    assert log.count("training from step 0") == 1, "one of the four processes speaks"
    return site


@pytest.fixture
def site(prepared, tmp_path) -> Site:
    return copied(prepared, tmp_path / "work")


def weights(site: Site) -> str:
    return hashlib.sha256((site.run / "coldstart" / "checkpoint" / "model.safetensors").read_bytes()).hexdigest()


def losses(site: Site) -> list[tuple[int, float]]:
    rows = read_table(site.run / "coldstart" / "metrics.parquet", METRIC).to_pylist()
    return [(row["step"], row["value"]) for row in rows if row["name"] == "loss"]


def stages() -> list[psutil.Process]:
    """The processes of stages on this machine that a Slurm job started."""
    found = []
    for process in psutil.process_iter():
        try:
            if "openqwq.cli" in process.cmdline() and "SLURM_JOB_ID" in process.environ():
                found.append(process)
        except psutil.Error:
            continue
    return found


def cancelled(job: str) -> None:
    tool("scancel", job)


def node_down(_job: str) -> None:
    tool("scontrol", "update", "nodename=gpu2", "state=down", "reason=test")
    until(lambda: "gpu2" not in tool("squeue", "--noheader", "--format=%N"), "a job that has left the node")

    def up() -> bool:  # it may come back by itself at any moment, and then refuses to be resumed
        subprocess.run(["scontrol", "update", "nodename=gpu2", "state=resume"], capture_output=True)
        return "DOWN" not in tool("scontrol", "show", "node", "gpu2")

    until(up, "the node's return")


def out_of_time(job: str) -> None:
    """The stage hangs, and its job has less time than the stage was told."""
    tool("scontrol", "update", f"jobid={job}", "timelimit=1")
    for process in stages():
        process.suspend()
    until(
        lambda: tool("squeue", "--noheader", f"--jobs={job}", "--states=all", "--format=%T").strip() == "TIMEOUT",
        "a TIMEOUT",
        180,
    )


def one_process_killed(_job: str) -> None:
    last = next(process for process in stages() if process.environ().get("RANK") == "3")
    others = stages()
    last.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(others, timeout=60)
    assert not [p for p in alive if p.is_running() and p.status() != psutil.STATUS_ZOMBIE], "all parts end with one"


@pytest.mark.parametrize("disturb", [cancelled, node_down, out_of_time, one_process_killed], ids=lambda f: f.__name__)
def test_the_result_is_that_of_a_run_left_alone(site, undisturbed, disturb):
    snakemake = site.start("coldstart")
    until(lambda: site.saved("coldstart", 2 * SAVES), "a save", 180)
    disturb(until(site.job, "a running job"))
    said = site.finish(snakemake)
    first, *_, last = site.attempts("coldstart")
    assert "training from step 0" in first
    assert "resuming from step " in last
    assert "resuming from step 0" not in last
    if disturb is not node_down:  # there Slurm itself starts the job again
        assert "Trying to restart job" in said
    assert losses(site) == losses(undisturbed)
    assert weights(site) == weights(undisturbed)
    check(site.run / "coldstart")
    assert not stages()


def test_a_stage_ends_before_its_time_is_over_and_goes_on_in_the_next_job(prepared, site):
    config = yaml.safe_load((site.folder / "config.yaml").read_text())
    config["coldstart"]["epochs"] = 2000  # hours, in one process on one node
    config["execution"]["processes"] = 1
    site = Site(site.folder, config, nodes={})
    said = site.snakemake("coldstart", code=1, runtime=1, retries=1)
    first, second = site.attempts("coldstart")
    assert first.splitlines()[-1].startswith("openqwq: coldstart: stopped by the deadline after step ")
    assert "the same command goes on from there" in first.splitlines()[-1], "the last line names the remedy"
    step = first.splitlines()[-1].split("after step ")[1].split()[0]
    assert f"resuming from step {step}" in second
    assert "TIMEOUT" not in said


def test_a_second_start_never_trains_the_same_state_beside_a_job_whose_snakemake_is_dead(site, undisturbed):
    snakemake = site.start("coldstart")
    until(lambda: site.saved("coldstart", SAVES), "a save", 180)
    job = until(site.job, "a running job")
    os.killpg(snakemake.pid, signal.SIGKILL)
    snakemake.wait()
    assert "is at work" not in "".join(site.attempts("coldstart"))
    # One node is enough for a second start; both are taken by the first, which therefore gives its memory up to no one.
    site.snakemake("--unlock")
    local = [str(BIN / "snakemake"), "--snakefile", str(ROOT / "Snakefile"), "--directory", str(site.folder), "--cores", "2"]
    local += ["--configfile", str(site.folder / "config.yaml"), "--rerun-incomplete", "coldstart"]
    second = subprocess.run(local, env=ENVIRONMENT, capture_output=True, text=True)
    assert second.returncode == 1
    last = site.attempts("coldstart")[-1].splitlines()[-1]
    assert f"(Slurm job {job}) is at work on this state" in last
    assert f"or end it (scancel {job}); then start again" in last
    until(lambda: not tool("squeue", "--noheader").strip(), "the end of the job", 300)
    site.snakemake("coldstart", retries=0)
    assert weights(site) == weights(undisturbed)
    assert sum("training from step" in log for log in site.attempts("coldstart")) == 1, "it was trained once"
    # Snakemake had nothing to do, and so has not dropped the safety copy (hard links) of what was published without it.
    clean = subprocess.run([str(BIN / "openqwq"), "clean", str(site.run)], env=ENVIRONMENT, capture_output=True, text=True)
    assert "retired      coldstart-" in clean.stdout, clean.stdout + clean.stderr
    assert not list((site.run / ".state").iterdir())
