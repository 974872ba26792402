"""A model to evaluate without a run: a folder, or a hub id at a pinned commit."""

import re
from dataclasses import dataclass
from pathlib import Path

from openqwq.errors import UserError
from openqwq.evaluate.published import published
from openqwq.model.sources import download


@dataclass(frozen=True, slots=True)
class ModelPlace:
    """`folder` of a local model, or `id` and `revision` of one on the hub."""

    name: str  # as scores call it
    folder: Path | None = None
    id: str = ""
    revision: str = ""

    def describe(self) -> dict[str, str]:
        """What of it decides the result beside a local folder's content, as JSON."""
        return {} if self.folder else {"id": self.id, "revision": self.revision}

    def fetch(self) -> Path:
        """The model folder. Raises `UserError` where the hub does not give it."""
        return self.folder or download(self.id, self.revision, "--model")


def find(text: str) -> ModelPlace:
    """The model that the command line names: FOLDER, ID@COMMIT, or the ID of a model in published.yaml. Raises `UserError`."""
    folder = Path(text)
    if folder.is_dir():
        inner = folder / "checkpoint"
        return ModelPlace(folder.resolve().name, folder=inner if inner.is_dir() else folder)
    match = re.fullmatch(r"([\w.-]+/[\w.-]+?)(?:@([0-9a-f]{40}))?", text)
    if match is None:
        raise UserError(f"--model: {text} is no folder and no id of the hub, such as Qwen/QwQ-32B or ID@COMMIT. Correct it.")
    revision = match[2] or published().revision(match[1])
    if revision is None:
        raise UserError(
            f"--model: there is no folder {text}, and as an id of the hub it is not pinned. Look at its commits and give the one "
            f"you mean: {match[1]}@<40 hexadecimal digits>."
        )
    return ModelPlace(match[1].rpartition("/")[2], id=match[1], revision=revision)
