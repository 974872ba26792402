"""What Slurm says of its jobs, through `squeue`. Where there is no Slurm, nothing is asked and nothing is known."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

# States in which a job has processes, or may have: squeue(1), "job state codes".
AT_WORK = {"RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "SIGNALING", "RESIZING", "STAGE_OUT"}
UNKNOWN_JOB = "Invalid job id"  # squeue's words for a job that has left its memory
PATIENCE = 20  # seconds for an answer


@dataclass(frozen=True)
class Job:
    """A job that Snakemake has put into the queue."""

    number: str
    state: str
    reason: str  # why it waits
    nodes: str
    rule: str


def this_job() -> str:
    """The number of the Slurm job that this process belongs to; empty outside of one."""
    return os.environ.get("SLURM_JOB_ID", "")


def state_of(job: str) -> str | None:
    """The state of a job: empty where Slurm knows it no more, None where Slurm cannot be asked."""
    said = _squeue("--jobs", job, "--format", "%A %T")  # an array's number stands for all its jobs: each has its own in %A
    if said is None:
        return None
    if said.returncode:
        return "" if UNKNOWN_JOB in said.stderr else None
    return dict(line.split() for line in said.stdout.splitlines() if len(line.split()) == 2).get(job, "")


def jobs_of(run: Path) -> list[Job]:
    """Snakemake's jobs in the queue, sent from a folder that holds this one; none where Slurm cannot be asked."""
    said = _squeue("--format", "%i|%T|%r|%N|%k|%Z", "--sort", "i")
    found = []
    for line in said.stdout.splitlines() if said else []:
        fields = line.split("|", 5)
        if len(fields) < 6:
            continue
        number, state, reason, nodes, comment, where = fields
        if comment.startswith("rule_") and run.resolve().is_relative_to(Path(where).resolve()):
            found.append(Job(number, state, reason, nodes, comment.removeprefix("rule_").replace("_wildcards_", " ")))
    return found


def _squeue(*options: str) -> subprocess.CompletedProcess[str] | None:
    if shutil.which("squeue") is None:
        return None
    # A person's own settings (SQUEUE_STATES, SQUEUE_USERS …) would hide jobs that live.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SQUEUE_")}
    command = ["squeue", "--noheader", *options]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False, env=environment)
    except subprocess.TimeoutExpired:
        return None
