"""`openqwq status RUN`: what is done, what runs, how far it is."""

import time
from pathlib import Path

from openqwq import slurm
from openqwq.artifacts.manifest import manifest_path, read_manifest
from openqwq.errors import UserError
from openqwq.lock import looked_at
from openqwq.progress import clock, read_progress
from openqwq.stage import states

ORDER = ("base_model", "curate", "coldstart", "profile", "reason", "reward_model", "general", "sampled_traces")


def run_folder(run: str) -> Path:
    """The folder of a run, given by name or path. Raises `UserError` where there is none."""
    folder = next(
        (path for path in (Path(run), Path("results") / run) if path.is_dir() and (path / "config.yaml").exists()), None
    )
    if folder is None:
        raise UserError(f"{run}: no such run (looked for {run}/config.yaml and results/{run}/config.yaml). Start it first.")
    return folder


def show(run: str) -> None:
    """Prints a line for each stage of the run: published, running, interrupted or failed."""
    folder = run_folder(run)
    for name in ORDER:
        _published(folder / name, name)
    for path in sorted((folder / "evaluate").glob("*")):
        if path.is_dir():
            _published(path, f"evaluate {path.name}")
    _published(folder / "evaluate" / "scores.parquet", "evaluate")
    _published(folder / "report.html", "report")
    for state in states(folder / ".state"):
        _working(state / "progress.json")
    _queue(folder)


def _published(path: Path, name: str) -> None:
    if path.exists() and manifest_path(path).is_file():
        manifest = read_manifest(path)
        progress = read_progress(path / "progress.json") if path.is_dir() else None
        job = _job((progress or {}).get("job", ""))
        line = f"{name:22} done         {clock(manifest.get('wall_seconds') or 0):>8}  {manifest['fingerprint'][:12]}  {path}"
        print(f"{line}  {job}".rstrip())


def _working(path: Path) -> None:
    progress = read_progress(path)
    if not progress or "step" not in progress:
        return
    with looked_at(path.parent) as owner:
        state = "running" if owner else ("failed" if progress["state"] == "failed" else "interrupted")
    rate = f"{progress['rate'] * 60:.3g}/min" if progress.get("rate") else ""
    left = (
        f"{clock(progress['left'])} left" if owner and progress.get("left") else f"{clock(time.time() - progress['updated'])} ago"
    )
    values = "  ".join(f"{name} {value:.3g}" for name, value in progress.get("values", {}).items())
    step = f"{progress['phase']} {progress['step']}/{progress['steps']}"
    job = _job(owner.job if owner else progress.get("job", ""), where=owner.host if owner else "")
    print(f"{progress['stage']:22} {state:12} {step}  {values}  {rate}  {left}  {progress['fingerprint'][:12]}  {job}".rstrip())


def _job(number: str, where: str = "") -> str:
    """A Slurm job's number and state, and the node of its main process; empty for no job."""
    if not number:
        return ""
    state = slurm.state_of(number) if where else ""  # of what has ended Slurm soon forgets how
    return " ".join(filter(None, ["job", number, state, f"on {where}" if where else ""]))


def _queue(folder: Path) -> None:
    """Snakemake's jobs in Slurm's queue. They do not say of which run they are, only from which folder they were sent."""
    for job in slurm.jobs_of(folder):
        print(f"{'queue':22} {job.state:12} {job.rule}  job {job.number}  {job.nodes or job.reason}")
