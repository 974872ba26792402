"""`openqwq status RUN`: what is done, what runs, how far it is."""

import fcntl
import time
from pathlib import Path

from openqwq.artifacts.manifest import manifest_path, read_manifest
from openqwq.errors import UserError
from openqwq.progress import clock, read_progress
from openqwq.stage import LOCK, states

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


def _published(path: Path, name: str) -> None:
    if path.exists() and manifest_path(path).is_file():
        manifest = read_manifest(path)
        print(f"{name:22} done         {clock(manifest.get('wall_seconds') or 0):>8}  {manifest['fingerprint'][:12]}  {path}")


def _working(path: Path) -> None:
    progress = read_progress(path)
    if not progress or "step" not in progress:
        return
    alive = _held(path.with_name(LOCK))
    state = "running" if alive else ("failed" if progress["state"] == "failed" else "interrupted")
    rate = f"{progress['rate'] * 60:.3g}/min" if progress.get("rate") else ""
    left = (
        f"{clock(progress['left'])} left" if alive and progress.get("left") else f"{clock(time.time() - progress['updated'])} ago"
    )
    values = "  ".join(f"{name} {value:.3g}" for name, value in progress.get("values", {}).items())
    step = f"{progress['phase']} {progress['step']}/{progress['steps']}"
    print(f"{progress['stage']:22} {state:12} {step}  {values}  {rate}  {left}  {progress['fingerprint'][:12]}".rstrip())


def _held(lock: Path) -> bool:
    """Whether a process holds the state's lock."""
    try:
        with open(lock, "a", encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
