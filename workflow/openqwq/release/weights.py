"""Weights of a release: safetensors in shards, copied tensor by tensor, so that no model has to fit into memory."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openqwq.artifacts.weights import header
from openqwq.errors import UserError

SHARD_BYTES = 5_000_000_000  # the hub's own limit for what it shows and scans
WIDTH = {
    "F64": 8,
    "F32": 4,
    "BF16": 2,
    "F16": 2,
    "F8_E4M3": 1,
    "F8_E5M2": 1,
    "I64": 8,
    "I32": 4,
    "I16": 2,
    "I8": 1,
    "U8": 1,
    "BOOL": 1,
}
FLOATS = {"F64", "F32", "BF16", "F16"}
TORCH = {"F32": "float32", "BF16": "bfloat16"}


@dataclass
class Shard:
    """One file: its name, its tensors as (file, name) and their bytes."""

    name: str
    tensors: list[tuple[Path, str]] = field(default_factory=list)
    bytes: int = 0


def dtype_of(checkpoint: Path) -> str:
    """The dtype (torch's name) that all floating tensors have. Raises `UserError` where they differ, or it is another one."""
    found = {kind for _, _, kind, _ in _tensors(checkpoint) if kind in FLOATS}
    if len(found) != 1 or not found <= TORCH.keys():
        raise UserError(f"{checkpoint}: its weights are {' and '.join(sorted(found)) or 'empty'}; give --dtype for the release.")
    return TORCH[found.pop()]


def plan(checkpoint: Path, dtype: str, most: int = SHARD_BYTES) -> list[Shard]:
    """The files of at most `most` bytes of tensors (a larger tensor has one to itself), floating ones in `dtype`."""
    shards = [Shard("")]
    for path, name, kind, count in sorted(_tensors(checkpoint), key=lambda one: (one[0], one[1])):
        size = count * (4 if dtype == "float32" else 2) if kind in FLOATS else count * WIDTH[kind]
        if shards[-1].tensors and shards[-1].bytes + size > most:
            shards.append(Shard(""))
        shards[-1].tensors.append((path, name))
        shards[-1].bytes += size
    for number, shard in enumerate(shards, 1):
        shard.name = "model.safetensors" if len(shards) == 1 else f"model-{number:05d}-of-{len(shards):05d}.safetensors"
    return shards


def write(shards: list[Shard], dtype: str, folder: Path) -> None:
    """Writes the files, and `model.safetensors.index.json` where there are several. One shard at a time is in memory.

    Raises `UserError` where the disk does not take them.
    """
    import torch
    from safetensors import SafetensorError, safe_open
    from safetensors.torch import save_file

    for shard in shards:
        tensors = {}
        for path, name in shard.tensors:
            with safe_open(path, framework="pt") as handle:
                tensor = handle.get_tensor(name)
            tensors[name] = tensor.to(getattr(torch, dtype)) if tensor.is_floating_point() else tensor
        try:
            save_file(tensors, folder / shard.name, metadata={"format": "pt"})
        except SafetensorError as error:  # which is no OSError, whatever happened to the disk
            raise UserError(f"{shard.name} could not be written ({error}). Make room on that disk, and start again.") from error
    if len(shards) > 1:
        index = {
            "metadata": {"total_size": sum(shard.bytes for shard in shards)},
            "weight_map": {name: shard.name for shard in shards for _, name in shard.tensors},
        }
        (folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")


def _tensors(checkpoint: Path) -> Iterator[tuple[Path, str, str, int]]:
    """File, name, dtype and number of elements of every tensor, from the headers alone."""
    for path in sorted(checkpoint.glob("*.safetensors")):
        for name, entry in _header(path).items():
            count = 1
            for size in entry["shape"]:
                count *= size
            yield path, name, entry["dtype"], count


def _header(path: Path) -> dict[str, Any]:
    try:
        return header(path)
    except ValueError as error:
        raise UserError(f"{path}: not a safetensors file (its header is not readable). Rerun the stage that made it.") from error
