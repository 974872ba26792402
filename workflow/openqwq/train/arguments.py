"""The trainer arguments that all training stages share."""

from typing import Any

import torch

from openqwq import precision, ranks
from openqwq.config import Execution
from openqwq.config.train import Optimizer, RewardModelConfig, SftConfig
from openqwq.errors import UserError
from openqwq.stage import Stage


def common_arguments(
    stage: Stage,
    execution: Execution,
    *,
    optimizer: Optimizer,
    batch_size: int,
    micro_batch_size: int,
    autocast: str,
    gradient_checkpointing: bool,
) -> dict[str, Any]:
    """Keyword arguments of transformers' `TrainingArguments`.

    `batch_size` is that of an optimizer step; the processes share it, each in micro-batches.
    """
    at_once = micro_batch_size * ranks.count()
    if batch_size % at_once:
        raise UserError(
            f"{stage.name}: a batch of {batch_size} cannot be divided among {ranks.count()} processes with micro-batches of "
            f"{micro_batch_size}. Choose execution.processes and micro_batch_size so that their product divides it."
        )
    return {
        "output_dir": str(stage.state / "saves"),
        "per_device_train_batch_size": micro_batch_size,
        "per_device_eval_batch_size": micro_batch_size,
        "gradient_accumulation_steps": batch_size // at_once,
        "learning_rate": optimizer.learning_rate,
        "lr_scheduler_type": optimizer.scheduler,
        "warmup_steps": optimizer.warmup_steps,
        "weight_decay": optimizer.weight_decay,
        "max_grad_norm": optimizer.max_grad_norm,
        "gradient_checkpointing": gradient_checkpointing,
        "bf16": precision.settle(autocast, otherwise="none") == "bfloat16",
        "use_cpu": not torch.cuda.is_available(),
        "logging_steps": 1,
        "logging_nan_inf_filter": False,  # it would show former losses instead of one that is no number
        # Sharded, a gradient that is only accumulated would stand whole on each GPU.
        "accelerator_config": {"gradient_accumulation_kwargs": {"sync_each_batch": ranks.sharded()}},
        "save_strategy": "steps",
        "save_steps": getattr(execution.saving, stage.name),
        "save_total_limit": execution.saving.keep,
        "ddp_find_unused_parameters": False,  # every micro-batch, an empty one too, reaches every parameter
        "seed": stage.seed,
        "data_seed": stage.seed,
        "report_to": "none",
        "log_level_replica": "error",  # what the main process does not say, the others need not
        "disable_tqdm": True,
        "dataloader_pin_memory": torch.cuda.is_available(),
    }


def supervised_arguments(stage: Stage, config: SftConfig | RewardModelConfig, execution: Execution) -> dict[str, Any]:
    """What cold start and reward model share: rows come in a fixed order that holds all epochs, and none is cut."""
    return common_arguments(
        stage,
        execution,
        optimizer=config.optimizer,
        batch_size=config.batch_size,
        micro_batch_size=config.micro_batch_size,
        autocast=config.autocast,
        gradient_checkpointing=config.gradient_checkpointing,
    ) | {"num_train_epochs": 1, "max_length": None, "train_sampling_strategy": "sequential"}
