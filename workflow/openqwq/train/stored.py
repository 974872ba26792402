"""The rollouts of the steps so far as they lie on disk: which files they are, and whether they still are what they were.

Later steps depend on them (`difficulty.py`), and so do the published tables. A save therefore notes their hashes, and a stage
resumes from it only where the rollouts of all its steps are whole.
"""

import json
import re
from pathlib import Path

from openqwq.artifacts.files import write_json
from openqwq.train.saves import hashes_of

NAME = re.compile(r"step-(\d{5,})\.parquet")
NOTE = "rollouts.json"  # in a save


def tables(folder: Path) -> dict[int, Path]:
    """The tables in a folder by step, in order. What else lies there is somebody else's."""
    found = {int(name[1]): path for path in folder.glob("step-*.parquet") if (name := NAME.fullmatch(path.name))}
    return dict(sorted(found.items()))


def forget_after(folder: Path, step: int) -> None:
    """Removes the rollouts of steps past the one resumed from: they will be made again."""
    for number, path in tables(folder).items():
        if number > step:
            path.unlink()


class StoredRollouts:
    """Notes in saves what the tables in `folder` are, and compares them with such a note."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}  # of each table once, for they do not change

    def note(self, save: Path, step: int) -> None:
        """Writes the hashes of the tables of all steps up to `step` into the folder of a save."""
        new = [path for number, path in tables(self.folder).items() if number <= step and path.name not in self.hashes]
        self.hashes |= hashes_of(self.folder, new)
        write_json(save / NOTE, self.hashes)

    def problem(self, save: Path) -> str | None:
        """What is wrong with the tables that a save builds on: one line, None if nothing is. Remembers those that are whole."""
        note = save / NOTE
        noted = json.loads(note.read_text(encoding="utf-8")) if note.is_file() else {}
        for name in noted:
            if not (self.folder / name).is_file():
                return f"{self.folder / name} is missing"
        found = hashes_of(self.folder, [self.folder / name for name in noted])
        changed = next((name for name, digest in noted.items() if found[name] != digest), None)
        if changed is not None:
            return f"{self.folder / changed} has changed"
        self.hashes = noted
        return None
