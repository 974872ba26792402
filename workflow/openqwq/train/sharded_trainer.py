"""What a trainer does differently when accelerate has sharded its model (FSDP2, on GPUs).

Deviations from the stock trainer, which would save nothing that other tools read, and would round log-probabilities:

- `save_model` exports one Hugging Face checkpoint from sharded weights. Stock, with `SHARDED_STATE_DICT`, it writes nothing.
- Weights and optimizer state of a training save are one sharded folder, which any number of processes resumes, sharded or not.
- The reference policy of a KL term is sharded by layers. Stock, it is one unit, which each GPU would hold whole to compute.
- Gradients are reduced in float32 and outputs keep their dtype. Accelerate's own policy for bf16 casts both to bfloat16.
"""

import warnings
from pathlib import Path
from typing import Any

import torch
from transformers.trainer import SCHEDULER_NAME

from openqwq import ranks
from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_model
from openqwq.train import distributed, sharded
from openqwq.train.dropout import without_dropout

SHARDS = "shards"


def master_weights(checkpoint: Path) -> Any:
    """The policy to train, in float32 and without dropout; in CPU memory where it is going to be sharded, for no single GPU may
    hold it.

    There, only the first process of a node reads the weights (`cpu_ram_efficient_loading` in the launch file).
    """
    distributed.join()
    return load_model(checkpoint, "float32", "cpu" if ranks.sharded() else None, without_dropout(checkpoint))


class ShardedSaves:
    """To be put before a trainer among a class's bases. Without a sharded model it changes nothing."""

    is_fsdp_enabled: bool
    accelerator: Any
    args: Any
    model: Any
    optimizer: Any
    lr_scheduler: Any

    def _prepare_for_training(self, *arguments: Any, **keywords: Any) -> Any:
        if self.is_fsdp_enabled:
            compute = torch.bfloat16 if self.args.bf16 else None
            self.accelerator.state.fsdp_plugin.mixed_precision_policy = sharded.precision(compute)
        return super()._prepare_for_training(*arguments, **keywords)  # type: ignore[misc]

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        if not self.is_fsdp_enabled:
            super().save_model(output_dir, _internal_call)  # type: ignore[misc]
        elif not _internal_call:  # a training save holds the weights among its shards
            weights = sharded.gather(self.model)
            if ranks.main():
                self._save(output_dir, state_dict=weights)  # type: ignore[attr-defined]

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if not self.is_fsdp_enabled:
            super()._save_optimizer_and_scheduler(output_dir)  # type: ignore[misc]
            return
        sharded.save(Path(output_dir) / SHARDS, self.model, self.optimizer)
        if ranks.main():
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULER_NAME)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        shards = Path(resume_from_checkpoint) / SHARDS
        if self.is_fsdp_enabled and not shards.is_dir():
            raise UserError(
                f"{resume_from_checkpoint}: this save was written without sharding, and sharded training cannot read it. Go on "
                "without FSDP (execution.launch_file), or remove the stage's state to begin again."
            )
        if not shards.is_dir():  # else read together with the optimizer
            super()._load_from_checkpoint(resume_from_checkpoint, model)  # type: ignore[misc]

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None or not (Path(checkpoint) / SHARDS).is_dir():
            super()._load_optimizer_and_scheduler(checkpoint)  # type: ignore[misc]
            return
        sharded.load(Path(checkpoint) / SHARDS, self.model, self.optimizer)
        with warnings.catch_warnings():  # of torch, that the scheduler is loaded before a step
            warnings.simplefilter("ignore", UserWarning)
            self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULER_NAME, weights_only=True))


class ShardedPolicies(ShardedSaves):
    """The same for RL, which has a reference policy besides."""

    _first_policy: Any = None

    @property
    def ref_model(self) -> Any:
        """The stage's first policy, or None."""
        return self._first_policy

    @ref_model.setter
    def ref_model(self, model: Any) -> None:
        unsharded = model is not None and ranks.sharded() and not sharded.is_sharded(model)
        self._first_policy = sharded.shard(model) if unsharded else model
