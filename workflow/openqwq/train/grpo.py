"""Stages reason and general: GRPO on verified rollouts.

QwQ-32B's first RL stage trains on math and code with an accuracy verifier and a code-execution server, no reward model;
the second, of few steps, adds a general reward model and rule-based verifiers. Its algorithm is not disclosed: GRPO with
DAPO's refinements is our choice (docs/recipe.md).
"""

import shutil
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from datasets import Dataset

from openqwq import ranks
from openqwq.artifacts.files import write_json
from openqwq.config import Execution
from openqwq.config.train import GrpoConfig
from openqwq.generate import open_sampler
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.train import hacking
from openqwq.train.dead_steps import hold_dead_steps
from openqwq.train.dynamic import RolloutMaker
from openqwq.train.entropy import hold_entropy
from openqwq.train.grpo_arguments import trainer_settings, trl_arguments
from openqwq.train.grpo_trainer import RolloutGrpoTrainer
from openqwq.train.interpolate import interpolate
from openqwq.train.loop import find_save, publish_checkpoint, train
from openqwq.train.pool import load_pool
from openqwq.train.rollouts import Group
from openqwq.train.scoring import open_scorer
from openqwq.train.sharded import full_tensors
from openqwq.train.sharded_trainer import master_weights
from openqwq.train.shared_sampling import SharedSampler
from openqwq.train.stored import StoredRollouts, forget_after, tables
from openqwq.train.tokens import prompt_text
from openqwq.verify import VerifierPool

# TRL's names for the shares of tokens whose ratio lies beyond a bound, means over micro-batches, and ours.
CLIPPED = {"clip_ratio/low_mean": "clipped/low", "clip_ratio/high_mean": "clipped/high", "cispo_clip_ratio": "clipped/high"}


def run(
    stage: Stage,
    config: GrpoConfig,
    policy: Path,
    problems: Path,
    profile: Path,
    reward_model: Path | None,
    out: Path,
    execution: Execution,
) -> None:
    """Trains the checkpoint `policy` and publishes `out` with checkpoint/, rollouts/, metrics.parquet, hacking.json and
    progress.json.

    `reward_model` is a checkpoint folder, needed where a domain's rewards name it.
    """
    tokenizer = load_tokenizer(policy)
    prompts: dict[str, str] = {}

    def prompt_of(problem: dict[str, Any]) -> str:
        if problem["id"] not in prompts:
            prompts[problem["id"]] = prompt_text(tokenizer, problem)
        return prompts[problem["id"]]

    def length(problem: dict[str, Any]) -> int:
        return len(tokenizer(prompt_of(problem), add_special_tokens=False)["input_ids"])

    pool = load_pool(problems, profile, config, stage.seed, length, stage.progress.say)
    rollouts = stage.state / "rollouts"
    stored = StoredRollouts(rollouts)
    save, step = find_save(stage, stored.problem)
    if ranks.main():
        forget_after(rollouts, step)
    with ExitStack() as stack:
        sampler = stack.enter_context(
            open_sampler(execution.engine, policy, execution.generation_batch, execution.generation_dtype, execution.vllm)
        )
        scorer = open_scorer(stage, reward_model, config, execution)
        shared = SharedSampler(sampler, scorer, execution.vllm.tensor_parallel_size if execution.engine == "vllm" else 1)
        verifiers = VerifierPool(execution.verifier_workers)
        if ranks.main():  # which makes and judges the rollouts; the others only help to sample
            stack.enter_context(verifiers)
        maker = RolloutMaker(
            config,
            pool,
            prompt_of,
            shared,
            verifiers,
            shared.score if scorer else None,
            rollouts,
            stage.seed,
            execution.bounds,
            stage.progress.within,
            tokenizer,
        )

        metrics = stage.state / "metrics.parquet"

        def make(at: int, model: Any) -> list[Group]:
            if ranks.main():
                hold_entropy(metrics, at - 1, execution.bounds.entropy)
                hold_dead_steps(metrics, at - 1, execution.bounds.dead_steps, rollouts)
            with stage.stopping.exposed():
                sampler.update(full_tensors(model))
                groups = shared.lead(lambda: maker.make(at)) if ranks.main() else shared.serve()
                sampler.sleep()
                if not groups:
                    stage.progress.say(f"step {at}: no live group among those generated, nothing to train on")
                return groups

        trainer = RolloutGrpoTrainer(
            make=make,
            model=master_weights(policy),
            args=trl_arguments(stage, config, execution),
            # TRL's loop wants rows to count; what is trained on comes from `make`.
            train_dataset=Dataset.from_dict({"prompt": [""] * (config.groups * config.steps)}),
            processing_class=tokenizer,
            **trainer_settings(config),
        )

        def figures() -> dict[str, float]:
            first = (trainer.state.global_step - 1) % config.updates == 0  # update of a batch of rollouts
            return (maker.figures if first else {}) | trainer.figures

        def beside(folder: Path) -> None:
            stored.note(folder, int(trainer.state.global_step))

        train(stage, trainer, save, step, names=CLIPPED if config.updates > 1 else {}, extra=figures, beside=beside)
        if ranks.main():
            hold_entropy(metrics, config.steps, execution.bounds.entropy)
            hold_dead_steps(metrics, config.steps, execution.bounds.dead_steps, rollouts, end=True)
            meter = hacking.whole(rollouts, verifiers, stage.seed)
            write_json(stage.state / "hacking.json", meter)
            hacking.hold(meter, execution.bounds, rollouts)

    def add(folder: Path) -> None:
        if config.interpolation < 1:
            stage.progress.say(f"publishing weights {config.interpolation:g} of the way from the first to the last")
            interpolate(folder / "checkpoint", policy, config.interpolation)
        (folder / "rollouts").mkdir()
        for path in tables(rollouts).values():
            shutil.copy(path, folder / "rollouts")
        shutil.copy(stage.state / "hacking.json", folder / "hacking.json")

    publish_checkpoint(stage, trainer, out, add)
