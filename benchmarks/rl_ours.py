"""Ours: the trainer, sampler and rollouts of the stage `reason`, with the peer's hyperparameters."""

import json
from pathlib import Path
from typing import Any

from datasets import Dataset

from benchmarks.rl_clock import Clock, Ticks, Timed
from benchmarks.rl_problems import REWARDS, problems
from benchmarks.rl_task import Task
from openqwq.config import Bounds, Execution, Saving
from openqwq.config.train import GrpoConfig
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.generate.transformers_engine import TransformersSampler
from openqwq.stage import Stage
from openqwq.train.dynamic import RolloutMaker
from openqwq.train.grpo_arguments import trainer_settings, trl_arguments
from openqwq.train.grpo_trainer import RolloutGrpoTrainer
from openqwq.train.pool import ProblemPool
from openqwq.train.rollouts import Group
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
                "micro_batch_tokens": 1024,
                "optimizer": {"learning_rate": task.learning_rate, "scheduler": "constant"},
                "sampling": {"temperature": task.temperature, "max_tokens": task.max_tokens},
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
    config = configuration(task)
    stage = Stage("reason", config={}, inputs={}, state_root=Path(task.scratch), seed=task.seed, recipe_version=1)
    sampler = None if stored else TransformersSampler.load(task.folder, 64, "auto")
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
        trainer.made += int(source.figures["generated_completions"])
        return groups

    trainer = Ours(
        make=make,
        model=load_model(task.folder, "float32"),
        args=trl_arguments(stage, config, Execution(saving=Saving(reason=2 * task.most_steps))),
        train_dataset=Dataset.from_dict({"prompt": [""] * (task.groups * task.most_steps)}),
        processing_class=load_tokenizer(task.folder),
        callbacks=[ticks],
        **trainer_settings(config),
    )
    trainer.watch(clock)
    return trainer
