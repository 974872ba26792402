"""Publishes weights part of the way from a stage's first to its last.

Averaging the weights before and after fine-tuning can keep most of what was learnt and give back much of what was forgotten:
WiSE-FT (arXiv 2109.01903); of RLHF's alignment tax, arXiv 2309.06256; in stages of RL, WARP's interpolation towards the
initialisation (arXiv 2406.16768).
"""

from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from openqwq.artifacts.files import replacing
from openqwq.artifacts.manifest import recorded, sha256_file
from openqwq.artifacts.weights import header
from openqwq.errors import StageFailure
from openqwq.train.saves import removed_if_torn

KEPT = "What was trained is kept, and the stage publishes it when it is started again."


def interpolate(checkpoint: Path, start: Path, share: float) -> None:
    """Moves the weights in `checkpoint`, W, to S + share · (W - S), where S are those of the checkpoint `start`.

    File by file, computed in float32, stored in the dtype that `checkpoint` has. Raises `StageFailure` where `start` cannot be
    read, is another model or no longer what its manifest says, and where the disk does not take the files.
    """
    places = _places(start)
    _as_recorded(start, set(places.values()))
    for path in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(path, "pt") as last:
            metadata = last.metadata()
            moved = {
                name: _between(_first(places, name, start), last.get_tensor(name), share, start, name) for name in header(path)
            }
        with removed_if_torn(checkpoint, "the checkpoint"), replacing(path) as new:
            save_file(moved, new, metadata)


def _places(start: Path) -> dict[str, Path]:
    """The file of each of its tensors."""
    try:
        places = {name: path for path in sorted(start.glob("*.safetensors")) for name in header(path)}
    except (OSError, ValueError) as error:
        raise _unread(start, error) from error
    if not places:
        raise _unread(start, "it has no safetensors")
    return places


def _as_recorded(start: Path, files: set[Path]) -> None:
    """A resumed stage reads the weights that it began with for the first time here: others of the same shape would go unseen."""
    known = recorded(start) or {}
    for file in sorted(files):
        digest = known.get(start.resolve() / file.name)
        if digest is not None and sha256_file(file) != digest:
            raise _other(f"{file} has not the hash that its manifest gives")


def _first(places: dict[str, Path], name: str, start: Path) -> torch.Tensor:
    if name not in places:
        raise _other(f"{start} has no tensor {name}")
    try:
        with safe_open(places[name], "pt") as tensors:
            tensor: torch.Tensor = tensors.get_tensor(name)
    except (OSError, SafetensorError) as error:
        raise _unread(places[name], error) from error
    return tensor


def _between(first: torch.Tensor, last: torch.Tensor, share: float, start: Path, name: str) -> torch.Tensor:
    if first.shape != last.shape:
        raise _other(f"tensor {name} of {start} is {list(first.shape)}, what was trained {list(last.shape)}")
    return torch.lerp(first.float(), last.float(), share).to(last.dtype).contiguous()


def _unread(path: Path, why: Any) -> StageFailure:
    return StageFailure(
        f"interpolation: the weights that the stage began with, {path}, cannot be read ({why}). Put them back. {KEPT}"
    )


def _other(why: str) -> StageFailure:
    return StageFailure(f"interpolation: the stage began with another model ({why}). Put the one that it began with back. {KEPT}")
