"""TRL's arguments for our GRPO trainer, from the stage's configuration."""

from typing import Any

from trl import GRPOConfig as TrlGrpoConfig

from openqwq import ranks
from openqwq.config import Execution
from openqwq.config.train import GrpoConfig
from openqwq.stage import Stage
from openqwq.train.arguments import common_arguments
from openqwq.train.losses import LOSSES
from openqwq.train.micro_batches import Budget
from openqwq.train.schedules import longest, sampling_at

MISMATCH_CAP = 2.0  # Yao et al. 2025


def trl_arguments(stage: Stage, config: GrpoConfig, execution: Execution) -> TrlGrpoConfig:
    """What TRL and transformers are told. They count completions; the trainer makes micro-batches of them itself."""
    completions = config.groups * config.group_size
    loss = LOSSES[config.loss]
    low, high = loss.clips(config.clip_low, config.clip_high)
    common = common_arguments(
        stage,
        execution,
        optimizer=config.optimizer,
        batch_size=completions // config.updates,
        micro_batch_size=max(1, completions // config.updates // ranks.count()),
        autocast=config.autocast,
        gradient_checkpointing=config.gradient_checkpointing,
    )
    return TrlGrpoConfig(
        # Saves lie between batches of rollouts.
        **common | {"save_steps": -(-common["save_steps"] // config.updates) * config.updates},
        max_steps=config.steps,
        num_generations=config.group_size,
        generation_batch_size=completions,
        max_completion_length=longest(config),
        temperature=sampling_at(config.sampling, 1).temperature,
        epsilon=low,
        epsilon_high=high,
        beta=config.kl,
        loss_type=loss.surrogate,
    )


def trainer_settings(config: GrpoConfig) -> dict[str, Any]:
    """Keyword arguments of `RolloutGrpoTrainer` beyond TRL's."""
    cap = MISMATCH_CAP if config.mismatch_cap is None else config.mismatch_cap
    return {
        "loss": LOSSES[config.loss],
        "budget": Budget.of(config.micro_batch_size, config.micro_batch_tokens),
        "mismatch_cap": cap if config.mismatch_correction == "token_truncate" else None,
        "temperature": lambda step: sampling_at(config.sampling, step).temperature,
    }
