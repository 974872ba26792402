"""Stage reward_model: a Bradley–Terry reward model with TRL's RewardTrainer.

Loss: -log sigmoid(r(chosen) - r(rejected) - w·margin) (Bradley–Terry, as in arXiv 2203.02155; the margin as in Llama 2, arXiv
2307.09288, section 3.2.2, w is the key `margin`), plus `centring` times the squared sum of the two scores (arXiv 2312.09244),
which keeps them near zero.
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import RewardConfig as TrlRewardConfig
from trl import RewardTrainer

from openqwq.artifacts.files import write_json, write_table
from openqwq.artifacts.schemas import PAIR
from openqwq.config import Execution
from openqwq.config.train import RewardModelConfig
from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_tokenizer, require_checkpoint
from openqwq.stage import Stage
from openqwq.train.arguments import supervised_arguments
from openqwq.train.control import control
from openqwq.train.dropout import without_dropout
from openqwq.train.loop import find_save, publish_checkpoint, train
from openqwq.train.order import training_order
from openqwq.train.pair_accuracy import Scored, accuracy
from openqwq.train.pairs import Encoded, Pair, encoded, preferences, separated
from openqwq.train.saves import SealedSaves
from openqwq.train.scorer import STATISTICS, RewardScorer
from openqwq.train.sharded_trainer import ShardedSaves
from openqwq.train.verdict_pairs import verdict_pairs


class BradleyTerryTrainer(ShardedSaves, SealedSaves, RewardTrainer):
    """TRL's RewardTrainer with saves that can be trusted, of a model that may be sharded.

    The mean over a batch is that of its micro-batches. Where pairs are too few to fill the last one of every process, the loader
    repeats pairs from the beginning: fewer than `micro_batch_size` × processes of them, in the last step alone.
    """


def run(
    stage: Stage,
    config: RewardModelConfig,
    start: Path,
    curated: Path,
    completions: Path | None,
    out: Path,
    execution: Execution,
) -> None:
    """Trains from the checkpoint `start` on `curated`/train.parquet and on pairs from the verdicts in `completions`, the
    profile's table, which is needed where `config.verdict_pairs` asks for them.

    Publishes checkpoint/, metrics.parquet, pairs.parquet and accuracy.json: figures of the published weights on
    `curated`/eval.parquet and on the pairs of held-out problems.
    """
    tokenizer = load_tokenizer(start)
    training, held_out = _pairs(stage, config, curated, completions, tokenizer)
    measured = encoded(held_out, tokenizer)
    kept, rows = separated(encoded(training, tokenizer), measured, config.max_length, stage.progress.say)
    if not kept or not measured:
        raise UserError(
            f"{curated}: {len(kept)} preference pairs of at most {config.max_length} tokens to train on and {len(measured)} held "
            "out; each has to be more than none. Add a source with role: preferences and curate.held_out.preferences, or "
            "reward_model.verdict_pairs, or raise reward_model.max_length."
        )

    def fitted(part: Stage, pairs: list[Encoded], steps: int) -> tuple[BradleyTerryTrainer, RewardScorer]:
        """A model trained on the pairs for as many steps, and its scorer."""
        save, step = find_save(part)
        arguments = supervised_arguments(part, config, execution)
        trainer = BradleyTerryTrainer(
            model=with_score_head(start, stage.seed, tokenizer),
            args=TrlRewardConfig(**arguments, center_rewards_coefficient=config.centring),
            train_dataset=_dataset(pairs, config, stage.seed, steps),
            processing_class=tokenizer,
        )
        train(part, trainer, save, step, names={"accuracy": "accuracy", "margin": "margin"})
        model = trainer.accelerator.unwrap_model(trainer.model)
        return trainer, RewardScorer(model, tokenizer, execution.generation_batch)

    steps = -(-len(kept) * config.epochs // config.batch_size)
    few = min(config.control_steps, steps)
    shuffled = control(stage, kept, measured, few, lambda *given: fitted(*given)[1]) if few else None
    trainer, scorer = fitted(stage, kept, steps)
    scored = score(scorer, measured)
    figures = accuracy(scored, kept) | {"control": shuffled}
    low, high = figures["low"], figures["high"]
    stage.progress.say(
        f"held-out accuracy {figures['value']:.3f} [{low:.3f}, {high:.3f}], n = {figures['n']} pairs; by length alone "
        f"{figures['baselines']['length']['value']:.3f}" + (f", on shuffled labels {shuffled['value']:.3f}" if shuffled else "")
    )

    def add(folder: Path) -> None:
        write_json(folder / "checkpoint" / STATISTICS, score_statistics(scored))
        write_json(folder / "accuracy.json", figures)
        rows.extend(one.encoded.row("held_out", scores=(one.chosen, one.rejected)) for one in scored)
        write_table(folder / "pairs.parquet", rows, PAIR)

    publish_checkpoint(stage, trainer, out, add)


def _pairs(
    stage: Stage, config: RewardModelConfig, curated: Path, completions: Path | None, tokenizer: Any
) -> tuple[list[Pair], list[Pair]]:
    """To train on and held out, of all origins."""
    training, held_out = (preferences(curated / f"{side}.parquet", tokenizer) for side in ("train", "eval"))
    if config.verdict_pairs is not None and completions is not None:
        more, apart = verdict_pairs(completions, config.verdict_pairs, stage.seed)
        training, held_out = training + more, held_out + apart
    if config.margin is not None and not any(pair.margin for pair in training):
        raise UserError(
            f"reward_model.margin: no pair of {curated} has a metadata.margin above 0, so the key would do nothing. Map "
            "metadata.margin in the source's fields and curate again, or leave the key out."
        )
    counts: dict[str, int] = {}
    for pair in training:
        counts[pair.source] = counts.get(pair.source, 0) + 1
    stage.progress.say("pairs: " + ", ".join(f"{count} of {source}" for source, count in counts.items()))
    return training, held_out


def with_score_head(start: Path, seed: int, tokenizer: Any) -> Any:
    """The checkpoint's body with a new linear head of one output, seeded."""
    from transformers import AutoModelForSequenceClassification

    require_checkpoint(start)
    torch.manual_seed(seed)
    config = without_dropout(start, num_labels=1)
    model = AutoModelForSequenceClassification.from_pretrained(
        start, config=config, dtype=torch.float32, trust_remote_code=False, local_files_only=True, use_safetensors=True
    )
    model.config.pad_token_id = tokenizer.pad_token_id
    return model


def _dataset(pairs: Sequence[Encoded], config: RewardModelConfig, seed: int, steps: int) -> Dataset:
    """The trainer's table: what all steps see, in the order in which they see it."""
    rows: list[dict[str, Any]] = [
        {"chosen_ids": one.before + one.chosen, "rejected_ids": one.before + one.rejected} for one in pairs
    ]
    if config.margin is not None:
        rows = [row | {"margin": config.margin * one.pair.margin} for row, one in zip(rows, pairs, strict=True)]
    order = training_order([one.longest() for one in pairs], config.batch_size, config.epochs, seed)
    return Dataset.from_list(rows).select(order[: steps * config.batch_size])


def score(scorer: RewardScorer, pairs: Sequence[Encoded]) -> list[Scored]:
    """The pairs with the model's own scores of their sides."""
    chosen = scorer.raw([(one.pair.prompt, one.pair.chosen) for one in pairs])
    rejected = scorer.raw([(one.pair.prompt, one.pair.rejected) for one in pairs])
    return [Scored(*three) for three in zip(pairs, chosen, rejected, strict=True)]


def score_statistics(scored: Sequence[Scored]) -> dict[str, float]:
    """Mean and deviation over both sides of the held-out pairs; they standardise scores for RL."""
    every = [value for one in scored for value in (one.chosen, one.rejected)]
    return {"mean": statistics.fmean(every), "deviation": max(statistics.pstdev(every), 1e-6)}
