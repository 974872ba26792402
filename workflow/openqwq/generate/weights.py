"""Weights of a model in training as safetensors files, for an engine in other processes."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FILE_BYTES = 2**30


@contextmanager
def weight_files(tensors: Iterable[tuple[str, Any]], dtype: str) -> Iterator[Path]:
    """A temporary folder with the tensors as `write_weights` leaves them, for the block."""
    with tempfile.TemporaryDirectory(prefix="openqwq-weights-") as folder:
        write_weights(tensors, Path(folder), dtype)
        yield Path(folder)


def write_weights(tensors: Iterable[tuple[str, Any]], folder: Path, dtype: str, file_bytes: int = FILE_BYTES) -> None:
    """Fills `folder` with `model-00000.safetensors`, … of about `file_bytes` each, in `dtype`.

    One file's tensors are in memory at a time. Names that share one tensor (tied embeddings) are written each.
    """
    import torch
    from safetensors.torch import save_file

    kept: dict[str, Any] = {}
    size = number = 0
    for name, tensor in tensors:
        kept[name] = tensor.detach().to("cpu", getattr(torch, dtype), copy=True).contiguous()
        size += kept[name].nbytes
        if size >= file_bytes:
            save_file(kept, folder / f"model-{number:05d}.safetensors")
            kept, size, number = {}, 0, number + 1
    if kept:
        save_file(kept, folder / f"model-{number:05d}.safetensors")
