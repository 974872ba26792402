"""`openqwq clean RUN`: removes the state that no stage will go on from, and says what it keeps and why.

State is `<run>/.state/<stage>-<fingerprint>`. Of each:

- *in use*: a process holds its lock, or may do so on another machine. Never touched.
- *retired*: what it was for stands published in the run, with the same fingerprint.
- *superseded*: the stage has since been published under another fingerprint, or another state of it was worked on later: the
  configuration has moved on.
- *interrupted*: all else. The stage goes on from it if it is started again, so it goes only with `--all-interrupted`.

What else lies in `.state` no stage has made: it is named and left alone.
"""

import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from openqwq import precision
from openqwq.artifacts.lineage import artifacts_below
from openqwq.artifacts.manifest import read_manifest
from openqwq.lock import looked_at
from openqwq.progress import clock, read_progress
from openqwq.stage import PUBLISHED, states
from openqwq.status import run_folder


@dataclass(frozen=True)
class State:
    """One state folder and what was found out about it."""

    folder: Path
    kind: str  # in use, retired, superseded, interrupted
    why: str
    bytes: int  # that removing it would free


def clean(run: str, dry_run: bool, all_interrupted: bool) -> None:
    """Prints a line for each state folder of the run, and removes those that are not needed unless `dry_run`."""
    folder = run_folder(run)
    published = _published(folder)
    own = states(folder / ".state")
    freed, interrupted = 0, 0
    for path in own:
        with looked_at(path) as owner:
            state = State(path, "in use", f"by {owner}", 0) if owner else _look(path, own, published, folder)
            going = state.kind in ("retired", "superseded") or (state.kind == "interrupted" and all_interrupted)
            interrupted += state.kind == "interrupted" and not going
            verb = "kept" if not going else "would go" if dry_run else "removed"
            print(f"{verb:9} {_size(state.bytes):>9}  {state.kind:12} {path.name}  {state.why}")
            if going:
                freed += state.bytes
                if not dry_run:
                    shutil.rmtree(path)
    for path in sorted((folder / ".state").glob("*")):
        if path not in own and path.exists() and path.name != precision.FILE:
            print(f"{'kept':9} {'':>9}  {'foreign':12} {path.name}  not made by a stage; left alone")
    if not own:
        print(f"{folder / '.state'}: no state; nothing to remove")
        return
    print(f"{_size(freed)} {'would be freed' if dry_run else 'freed'}")
    if interrupted:
        print("interrupted work is kept, its stage goes on from it; --all-interrupted removes it too")


def _published(run: Path) -> dict[str, list[tuple[str, float, Path]]]:
    """Of each stage what stands in the run: fingerprint, when it was finished (seconds since 1970), where."""
    found: dict[str, list[tuple[str, float, Path]]] = {}
    for artifact in artifacts_below(run):
        manifest = read_manifest(artifact)
        finished = datetime.fromisoformat(manifest["finished"]).timestamp()
        found.setdefault(manifest["stage"], []).append((manifest["fingerprint"], finished, artifact))
    return found


def _look(path: Path, own: list[Path], published: dict[str, list[tuple[str, float, Path]]], run: Path) -> State:
    stage, mark = path.name.rsplit("-", 1)
    size, worked = _bytes(path), _worked(path)
    for fingerprint, _, where in published.get(stage, []):
        if fingerprint.startswith(mark):
            return State(path, "retired", f"published as {where.relative_to(run)}", size)
    for fingerprint, finished, where in published.get(stage, []):
        if finished > worked:
            return State(path, "superseded", f"{where.relative_to(run)} is newer, of fingerprint {fingerprint[:12]}", size)
    others = [p for p in own if p != path and p.is_dir() and p.name.rsplit("-", 1)[0] == stage]
    later = max(others, key=_worked, default=path)
    if _worked(later) > worked:
        return State(path, "superseded", f"{later.name} was worked on later", size)
    if (path / PUBLISHED).is_dir():
        return State(path, "interrupted", "finished, but not in its place: the stage publishes it again if started", size)
    progress = read_progress(path / "progress.json") or {}
    at = f"{progress['phase']} {progress['step']}/{progress['steps']}, " if "step" in progress else ""
    return State(path, "interrupted", f"{at}{clock(max(0.0, time.time() - worked))} ago", size)


def _worked(state: Path) -> float:
    """When it was last worked on, in seconds since 1970."""
    progress = read_progress(state / "progress.json") or {}
    return float(progress.get("updated", state.stat().st_mtime))


def _bytes(folder: Path) -> int:
    """What removing the folder frees: files that have another name elsewhere free nothing."""
    files = [path.lstat() for path in folder.rglob("*") if path.is_file()]
    return sum(file.st_size for file in files if file.st_nlink == 1)


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
