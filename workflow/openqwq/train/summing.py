"""Gradients of several CPU processes, summed so that the order of the sum does not show.

DistributedDataParallel sums gradients in buckets, and after its first step it arranges the buckets anew. A resumed run has its
first step elsewhere, so that the same step would sum in another order there; with three processes or more that is another
rounding, and the result is no longer that of an undisturbed run. In float64 the sum of a few float32 numbers is exact unless
they differ by a factor of 2^29 / n and more, and an exact sum knows no order.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from transformers import TrainerCallback


class SumExactly(TrainerCallback):
    """Makes `trainer`'s processes sum that way where they talk over gloo; two numbers have one order only."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """The model is wrapped, and nothing has been summed yet."""
        wrapped = self.trainer.model_wrapped
        if isinstance(wrapped, DistributedDataParallel) and dist.get_world_size() > 2 and wrapped.device_type == "cpu":
            wrapped.register_comm_hook(None, exact_mean)


def exact_mean(_state: object, bucket: dist.GradBucket) -> torch.futures.Future[torch.Tensor]:
    """The mean of a bucket over all processes, in the bucket's own type; torch's interface of a communication hook."""
    whole = bucket.buffer().double()

    def mean(sent: Any) -> torch.Tensor:
        return bucket.buffer().copy_(sent.value()[0] / dist.get_world_size())

    return dist.all_reduce(whole, async_op=True).get_future().then(mean)
