"""Ours: the trainer, sampler and rollouts of the stage `reason`, with the peer's hyperparameters."""

import json
from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import GRPOConfig as TrlGrpoConfig

from benchmarks.rl_clock import Clock, Ticks, Timed
from benchmarks.rl_problems import REWARDS, problems
from benchmarks.rl_task import Task
from openqwq.config import Bounds
from openqwq.config.train import GrpoConfig
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.generate.transformers_engine import TransformersSampler
from openqwq.train.grpo_arguments import trainer_settings
from openqwq.train.grpo_trainer import RolloutGrpoTrainer
from openqwq.train.memory import keep_freed_memory
from openqwq.train.pool import ProblemPool
from openqwq.train.rollouts import Group, RolloutMaker
from openqwq.train.tokens import prompt_text
from openqwq.verify import VerifierPool


class Ours(Timed, RolloutGrpoTrainer):
    """Only watched: `useful` counts completions that are trained on."""

    useful = 0
    made = 0


def configuration(task: Task) -> GrpoConfig:
    """The stage's configuration for the task."""
    return GrpoConfig.model_validate_json(
        json.dumps(
            {
                "steps": task.most_steps,
                "groups": task.groups,
                "group_size": task.group_size,
                "max_rounds": 8,
                "micro_batch_size": 16,
                "optimizer": {"learning_rate": task.learning_rate, "scheduler": "constant"},
                "sampling": {"max_tokens": task.max_tokens},
                "domains": {"math": {"rewards": REWARDS}},
            }
        )
    )


def maker(task: Task, sampler: TransformersSampler, verifiers: VerifierPool) -> RolloutMaker:
    """Makes the rollouts of a step from the committed problems."""
    config = configuration(task)
    return RolloutMaker(
        config,
        ProblemPool({"math": problems("train")}, config, task.seed),
        lambda problem: prompt_text(sampler.tokenizer, problem),
        sampler,
        verifiers,
        None,
        Path(task.scratch) / "rollouts",
        task.seed,
        Bounds(),
    )


def build(task: Task, clock: Clock, verifiers: VerifierPool, ticks: Ticks, stored: list[Group] | None = None) -> Ours:
    """The trainer; with `stored`, it trains on those groups at every step instead of making its own."""
    keep_freed_memory()  # as the stage does
    config = configuration(task)
    sampler = None if stored else TransformersSampler.load(task.folder, 64, "bfloat16")
    source = maker(task, sampler, verifiers) if sampler else None

    def make(step: int, model: Any) -> list[Group]:
        if stored:
            return stored
        assert sampler is not None
        assert source is not None
        with clock.span("weights to the sampler"):
            sampler.update(model.state_dict().items())
        groups = source.make(step)
        for part in ("generation", "verification"):
            clock.parts[part] += source.figures[f"{part}_seconds"]
        trainer.useful += sum(rollout.advantage is not None for group in groups for rollout in group)
        trainer.made += round(source.figures["generated_tokens"] / source.figures["completion_tokens"])
        return groups

    completions = config.groups * config.group_size
    arguments = TrlGrpoConfig(
        output_dir=task.scratch,
        max_steps=task.most_steps,
        learning_rate=task.learning_rate,
        lr_scheduler_type="constant",
        max_grad_norm=1.0,
        per_device_train_batch_size=completions,
        gradient_accumulation_steps=1,
        num_generations=task.group_size,
        generation_batch_size=completions,
        max_completion_length=task.max_tokens,
        temperature=1.0,
        epsilon_high=0.28,
        beta=0.0,
        loss_type="dapo",
        bf16=True,
        use_cpu=True,
        gradient_checkpointing=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_steps=1000,
        seed=task.seed,
    )
    trainer = Ours(
        make=make,
        model=load_model(task.folder, "float32"),
        args=arguments,
        train_dataset=Dataset.from_dict({"prompt": [""] * (task.groups * task.most_steps)}),
        processing_class=load_tokenizer(task.folder),
        callbacks=[ticks],
        **trainer_settings(config),
    )
    trainer.watch(clock)
    return trainer
