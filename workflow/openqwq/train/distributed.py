"""What the processes of one stage say to one another. Each function is called by all of them, in the same order.

With one process they do nothing and return what they are given. A process that ends takes the others with it (the launcher
sees to that), so the time limit only guards against a deadlock.
"""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from openqwq import ranks
from openqwq.errors import UserError

T = TypeVar("T")
# Longer than any phase in which one process works and the others wait: judging, or a slow share of the samples.
TIMEOUT = timedelta(hours=4)


def join() -> bool:
    """Joins the group of the stage's processes; False where there is one only.

    Objects and CPU tensors travel over gloo, GPU tensors over nccl. Raises `UserError` for more processes than GPUs.
    """
    if not ranks.launched():
        return False
    if not dist.is_initialized():
        if not torch.cuda.is_available():
            os.environ["ACCELERATE_TORCH_DEVICE"] = "cpu"  # else `cpu:0`, where torch cannot load an optimizer to
            dist.init_process_group("gloo", timeout=TIMEOUT)
        else:
            local, here = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
            if local >= here:
                raise UserError(
                    f"execution.processes: {local + 1} or more processes on a node with {here} GPUs. Give at most {here}."
                )
            torch.cuda.set_device(local)
            dist.init_process_group("cuda:nccl,cpu:gloo", timeout=TIMEOUT, device_id=torch.device("cuda", local))
    return True


def barrier() -> None:
    """Waits until all processes are here."""
    if join():
        dist.all_gather_object([None] * ranks.count(), None)  # over gloo, which waits without holding a GPU


def leave() -> None:
    """Takes the group down once all are here, which each does when its work is done.

    Else gloo's threads live on while the interpreter is taken down, and one that then lets go of a tensor aborts the process
    (pytorch/pytorch#190489): its exit code would say that the work failed.
    """
    if not ranks.launched() or not dist.is_initialized():
        return
    try:
        barrier()
    except RuntimeError:  # the main process has failed in what it does alone, and says so
        if ranks.main():
            raise
    finally:
        dist.destroy_process_group()


def from_main(make: Callable[[], T]) -> T:
    """What `make()` returns in the main process, which alone calls it. It must be picklable."""
    if not join():
        return make()
    return broadcast(make() if ranks.main() else None)  # type: ignore[return-value]


def broadcast(value: T) -> T:
    """The main process's value, in all of them."""
    if not join():
        return value
    box: list[Any] = [value]
    dist.broadcast_object_list(box, src=0)
    return box[0]


def gather(value: T) -> list[T]:
    """Every process's value, by rank, in the main process; an empty list in the others."""
    if not join():
        return [value]
    values: list[Any] | None = [None] * ranks.count() if ranks.main() else None
    dist.gather_object(value, values, dst=0)
    return values or []
