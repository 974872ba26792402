"""Saves that can be trusted: each carries the hashes of its files, written last; a torn save is never resumed."""

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from transformers import Trainer

from openqwq.artifacts.files import sync, write_json
from openqwq.artifacts.manifest import sha256_file
from openqwq.errors import StageFailure
from openqwq.progress import Progress

SEAL = "openqwq-save.json"
NAME = re.compile(r"checkpoint-(0|[1-9]\d*)")
HASHERS = 8  # threads; hashing leaves Python's lock alone
WRITE_RATE = 500e6  # bytes a second: a guess at how long a save takes, until one has been measured


@dataclass
class Durations:
    """The longest step and the longest save so far, in seconds; stored in each seal, so that a resumed run knows them."""

    step: float = 0.0
    save: float = 0.0


class SealedSaves(Trainer):
    """Mixed into TRL's trainers: a save is flushed to disk, hashed and sealed before the oldest one is removed.

    Stock rotation removes an older save as soon as the newer one is written, not knowing whether its bytes have reached the
    disk, and goes by modification times, which a copied folder does not have. A save that cannot be written whole (a full
    disk) is removed again and ends the stage; those before it stay.

    Stock training that resumes from the save of its last step takes another one where an epoch has more; here it takes none.
    """

    def __init__(self, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.keep, self.args.save_total_limit = self.args.save_total_limit, None
        self.durations = Durations()
        self.saved_step = 0
        self.may_stop: Callable[[], None] = lambda: None  # called where a step can be given up
        self.beside: Callable[[Path], None] = lambda _folder: None  # puts into a save what else a resumed stage needs
        self.hold: Callable[[Any], None] = lambda _model: None  # called before a save; raises where the model is not worth one

    def resumable_step(self) -> int:
        """The newest step whose end a save taken before the next optimizer step could be of."""
        return int(self.state.global_step)

    def _run_epoch(self, *positional: Any, **keywords: Any) -> None:
        if self.state.global_step >= self.state.max_steps:
            self.control.should_training_stop = True
        else:
            super()._run_epoch(*positional, **keywords)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        self.hold(model)
        begun, step = time.monotonic(), self.state.global_step
        saves = Path(self.args.output_dir)
        folder = saves / f"checkpoint-{step}"
        with removed_if_torn(folder, f"step {step}: the save"):
            super()._save_checkpoint(model, trial)
            self.accelerator.wait_for_everyone()  # each process has written its random state
            if self.args.should_save:
                self.beside(folder)
                seal(folder, step, self.durations, begun)
        self.durations.save = max(self.durations.save, time.monotonic() - begun)
        self.saved_step = step
        if self.args.should_save and self.keep:
            for old in by_step(saves)[self.keep :]:
                shutil.rmtree(old, ignore_errors=True)


def seal(folder: Path, step: int, durations: Durations, begun: float) -> None:
    """Flushes a save's files, then writes their hashes beside them: from here on the save counts.

    `begun` is when the save was begun (`time.monotonic`).
    """
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != SEAL]
    for path in files:
        sync(path)
    hashes = hashes_of(folder, files)
    seconds = {"step_seconds": durations.step, "save_seconds": max(durations.save, time.monotonic() - begun)}
    write_json(folder / SEAL, {"step": step, "files": hashes} | seconds)


def by_step(saves: Path) -> list[Path]:
    """The saves in a folder, sealed or not, the newest first. What else lies there is somebody else's."""
    own = [path for path in saves.glob("checkpoint-*") if NAME.fullmatch(path.name) and path.is_dir() and not path.is_symlink()]
    return sorted(own, key=_step, reverse=True)


def newest_good_save(
    saves: Path, progress: Progress, lacks: Callable[[Path], str | None] = lambda _save: None
) -> tuple[Path | None, int]:
    """The newest save whose files are those that were sealed, and its step (None and 0 where there is none).

    `lacks(save)` says what is wrong with that on which a good save builds, None if nothing is. Such a save is passed over, too:
    from one before, the missing steps are made again. Torn or altered saves, and those passed over, are removed, and said so, so
    that rotation never keeps one instead of a good one. Where all lack something, raises `StageFailure` and leaves them alone.
    """
    passed: dict[Path, str] = {}
    for folder in by_step(saves):
        problem = _problem(folder)
        if problem is not None:
            progress.say(f"save {folder.name} is not whole ({problem}); removed, looking for the one before")
            shutil.rmtree(folder)
            continue
        lack = lacks(folder)
        if lack is None:
            for later, why in passed.items():
                progress.say(f"save {later.name} builds on what is not whole ({why}); removed, going back to the one before")
                shutil.rmtree(later)
            return folder, _step(folder)
        passed[folder] = lack
    if passed:
        newest, why = next(iter(passed.items()))
        raise StageFailure(
            f"{why}: {newest.name} and all other saves in {saves} build on it, so no resume would be exact. Put the file back as "
            f"it was; or delete {saves.parent} and start again: the stage then trains from step 0."
        )
    return None, 0


def read_durations(save: Path | None) -> Durations:
    """What the sealed save knows of the attempts before."""
    if save is None:
        return Durations()
    stored = json.loads((save / SEAL).read_text(encoding="utf-8"))
    return Durations(stored.get("step_seconds", 0.0), stored.get("save_seconds", 0.0))


@contextmanager
def removed_if_torn(folder: Path, what: str) -> Iterator[None]:
    """Removes `folder` and raises `StageFailure` where the block cannot write it.

    Python, torch and safetensors each report a full disk by an exception of their own.
    """
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        free = shutil.disk_usage(folder.parent).free / 1e6
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise StageFailure(
            f"{what} could not be written to {folder} ({reason}); {free:,.0f} MB are free there. It was removed, and what was "
            "saved before is kept. Make room (`openqwq clean` removes state that is no longer needed), then start the stage "
            "again: it resumes."
        ) from error


def _step(folder: Path) -> int:
    return int(folder.name.rsplit("-", 1)[1])


def hashes_of(folder: Path, files: list[Path]) -> dict[str, str]:
    """SHA-256 of files by their path relative to `folder`."""
    with ThreadPoolExecutor(HASHERS) as threads:
        return dict(zip((str(path.relative_to(folder)) for path in files), threads.map(sha256_file, files), strict=True))


def _problem(folder: Path) -> str | None:
    try:
        seal_ = json.loads((folder / SEAL).read_text(encoding="utf-8"))
        step, files = seal_["step"], dict(seal_["files"])
    except FileNotFoundError:
        return "it was interrupted"
    except (json.JSONDecodeError, KeyError, TypeError, ValueError, UnicodeDecodeError):
        return "its seal is damaged"
    if not files:
        return "its seal is damaged"
    if step != _step(folder):
        return f"it is the save of step {step} under another name"
    for name in files:
        if not (folder / name).is_file():
            return f"{name} is missing"
    found = hashes_of(folder, [folder / name for name in files])
    return next((f"{name} has changed" for name, digest in files.items() if found[name] != digest), None)
