"""Gathering figures of which each process has another number."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def uneven_gather(accelerator: Any) -> Iterator[None]:
    """In the block, `accelerator.gather` takes (n,) tensors whose n differs between processes; what is missing is NaN.

    TRL's loss gathers a figure of every completion (and takes the least or the largest, NaN left out). Our micro-batches have as
    many completions as happen to be live, and a collective operation on tensors of unequal size may end the process.
    """
    if accelerator.num_processes == 1:
        yield
        return
    gather = accelerator.gather

    def padded(tensor: torch.Tensor) -> torch.Tensor:
        filled = accelerator.pad_across_processes(tensor, pad_index=float("nan")) if tensor.ndim else tensor
        return gather(filled)

    accelerator.gather = padded
    try:
        yield
    finally:
        del accelerator.gather  # the class's own is back
