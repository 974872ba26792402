"""What every stage shares: its fingerprint, its private state folder, and publishing with a manifest.

State (saves, metrics, partial samples) lives in `<state>/<stage>-<fingerprint>`, which the workflow engine does not
know and so does not delete between attempts. A changed config, input or seed changes the fingerprint, and with it
the folder: stale state is never resumed. Publishing retires the state.
"""

import copy
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from openqwq import ranks
from openqwq.artifacts.files import publishing, replacing, write_json
from openqwq.artifacts.manifest import MANIFEST, fingerprint, input_hash, read_manifest, relative, write_manifest
from openqwq.environment import code_version, environment
from openqwq.lock import LOCK, held
from openqwq.progress import Progress, read_progress
from openqwq.stopping import Stopped, Stopping

PUBLISHED = "published"
MARK = 12  # characters of the fingerprint in the name of a state folder
NAME = re.compile(rf"(?P<stage>[A-Za-z0-9_.-]+)-(?P<mark>[0-9a-f]{{{MARK}}})")


class Stage:
    """One execution of one stage.

    `config` is the JSON-able subtree that decides the result; `inputs` are artifacts or files by name; `execution`
    records what does not decide it (batch sizes, workers) for the manifest; `recipe_version` is bumped by hand when
    the code of the stage changes what it makes.
    """

    def __init__(
        self,
        name: str,
        *,
        config: dict[str, Any],
        inputs: dict[str, Path],
        state_root: Path,
        seed: int,
        recipe_version: int,
        execution: dict[str, Any] | None = None,
        stopping: Stopping | None = None,
    ) -> None:
        self.stopping = stopping or Stopping()
        self.name, self.config, self.inputs, self.seed = name, config, inputs, seed
        self.recipe_version, self.execution = recipe_version, execution or {}
        self.hashes = {key: input_hash(path) for key, path in inputs.items()}
        self.fingerprint = fingerprint(name, config, self.hashes, recipe_version, seed)
        self.state = state_root / f"{name}-{self.fingerprint[:MARK]}"
        self.facts: dict[str, Any] = {}  # what the stage wants its manifest to tell a reader
        self.started = time.time()
        self.progress = Progress(name, self.state / "progress.json" if ranks.main() else None, fingerprint=self.fingerprint)
        if ranks.launched():
            self.facts["processes"] = ranks.count()

    @contextmanager
    def running(self) -> Iterator["Stage"]:
        """Holds the state folder for this process alone; marks progress failed, or interrupted, if the block raises.

        Of several processes that carry out one stage, the main one holds it for all.
        """
        if not ranks.main():
            yield self
            return
        self.state.mkdir(parents=True, exist_ok=True)
        with held(self.state):
            for litter in list(self.state.rglob(".*.part")):  # half-written by an attempt that was killed
                shutil.rmtree(litter) if litter.is_dir() else litter.unlink()
            previous = read_progress(self.state / "progress.json")
            if previous:  # an interrupted attempt: its working time counts, the pause does not
                self.started -= max(0.0, float(previous["updated"]) - float(previous["started"]))
                self.progress.started = self.started
            try:
                yield self
            except BaseException as error:
                if self.state.exists():
                    with suppress(OSError):  # a full disk must not hide what went wrong
                        self.progress.finish("interrupted" if isinstance(error, Stopped | KeyboardInterrupt) else "failed")
                raise

    def part(self, name: str) -> "Stage":
        """A piece of the stage's work with a folder of its own in its state, whose curves no tracker is told."""
        made = copy.copy(self)
        made.state, made.execution = self.state / name, self.execution | {"trackers": []}
        made.state.mkdir(parents=True, exist_ok=True)
        return made

    def made_from(self) -> dict[str, Any]:
        """What a shard of this stage must have been made with; its inputs stand in `hashes`."""
        return {"config": self.config, "seed": self.seed, "recipe_version": self.recipe_version}

    def after(self, shards: Sequence[Path]) -> None:
        """Counts the shards, which were made side by side before, into the wall time: the longest of them."""
        self.started -= max(float(read_manifest(folder).get("wall_seconds") or 0) for folder in shards)

    def record(self, start: Path) -> dict[str, Any]:
        """The manifest's account of this execution; input paths are relative to the folder `start`."""
        described = {}
        for key, path in self.inputs.items():
            entry: dict[str, Any] = {"path": relative(path, start), "content": self.hashes[key]}
            described[key] = entry
        return {
            "stage": self.name,
            "fingerprint": self.fingerprint,
            "recipe_version": self.recipe_version,
            "seed": self.seed,
            "config": self.config,
            "inputs": described,
            "execution": self.execution,
            "facts": self.facts,
            "code": code_version(),
            "environment": environment(),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "wall_seconds": round(time.time() - self.started, 1),
        }

    @contextmanager
    def publish_folder(self, out: Path) -> Iterator[Path]:
        """A folder to fill; it becomes `out`, manifest included, when the block ends well."""
        with publishing(out) as folder:
            yield folder
            if (self.state / "progress.json").exists():
                self.progress.finish("done")
                shutil.copy(self.state / "progress.json", folder / "progress.json")
            write_manifest(folder, self.record(out))

    def publish_file(self, out: Path, fill: Any) -> None:
        """`fill(path)` writes the file; its manifest is put beside it."""
        with replacing(out) as temporary:
            fill(temporary)
        write_manifest(out, self.record(out.parent))

    def publish_json(self, out: Path, value: Any) -> None:
        """Publishes one JSON file with its manifest beside it."""
        write_json(out, value)
        write_manifest(out, self.record(out.parent))

    def published_before(self, out: Path) -> bool:
        """Publishes `out` again where an earlier attempt had finished it, but the workflow engine died before it knew.

        The engine deletes outputs that it did not see completed; without this, the work of days would be made again.
        """
        kept = self.state / PUBLISHED
        if not (kept / MANIFEST).is_file():
            return False
        if not ranks.main():
            return True
        self.progress.say(f"finished by an earlier attempt, published again, fingerprint {self.fingerprint[:12]}")
        with publishing(out) as folder:
            shutil.copytree(kept, folder, copy_function=_link, dirs_exist_ok=True)
        return True

    def retire(self, out: Path) -> None:
        """Removes the private state. Of a published folder a copy of hard links is kept until the engine's run has ended."""
        if not ranks.main():
            return
        kept = self.state / PUBLISHED
        if out.is_dir() and not kept.exists():
            with publishing(kept) as folder:
                shutil.copytree(out, folder, copy_function=_link, dirs_exist_ok=True)
        for path in self.state.iterdir():
            if path != kept and path.name != LOCK:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not kept.exists():
            shutil.rmtree(self.state)


def _link(source: str, target: str) -> None:
    """A hard link, or a copy where the file system has none."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def states(state_root: Path) -> list[Path]:
    """The state folders below `state_root`, sorted: those whose name and lock a stage has made. Others' are none of them."""
    return sorted(
        path
        for path in state_root.glob("*-*")
        if NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink() and (path / LOCK).is_file()
    )


def forget_published(state_root: Path) -> None:
    """Drops the copies that `Stage.retire` keeps: the engine knows what is complete, and a forced rerun starts from nothing."""
    for state in states(state_root):
        if (state / PUBLISHED).is_dir():
            shutil.rmtree(state)
