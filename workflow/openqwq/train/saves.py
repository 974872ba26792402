"""Saves that can be trusted: each carries the hashes of its files, written last; a torn save is never resumed."""

import json
import shutil
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from openqwq import ranks
from openqwq.artifacts.files import write_json
from openqwq.artifacts.manifest import sha256_file
from openqwq.progress import Progress
from openqwq.train import distributed

SEAL = "openqwq-save.json"


class SealSaves(TrainerCallback):
    """Seals each save when the trainer has finished writing it."""

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        distributed.barrier()  # every process has written its part
        if not ranks.main():
            return
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        hashes = {str(p.relative_to(folder)): sha256_file(p) for p in sorted(folder.rglob("*")) if p.is_file() and p.name != SEAL}
        write_json(folder / SEAL, {"step": state.global_step, "files": hashes})


def newest_good_save(saves: Path, progress: Progress) -> tuple[Path | None, int]:
    """The newest save whose files are those that were sealed, and its step (None and 0 where there is none).

    Torn or altered saves are removed, and said so, so that the trainer's own rotation never keeps one instead of a good one.
    """
    folders = sorted(saves.glob("checkpoint-*"), key=lambda p: int(p.name.rsplit("-", 1)[1]), reverse=True)
    for folder in folders:
        problem = _problem(folder)
        if problem is None:
            return folder, int(folder.name.rsplit("-", 1)[1])
        progress.say(f"save {folder.name} is not whole ({problem}); removed, looking for the one before")
        shutil.rmtree(folder)
    return None, 0


def _problem(folder: Path) -> str | None:
    try:
        files = json.loads((folder / SEAL).read_text(encoding="utf-8"))["files"]
    except FileNotFoundError:
        return "it was interrupted"
    except (json.JSONDecodeError, KeyError, UnicodeDecodeError):
        return "its seal is damaged"
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if sha256_file(path) != digest:
            return f"{name} has changed"
    return None
