"""Stage reward_model: a Bradley–Terry reward model with TRL's RewardTrainer.

Loss: -log sigmoid(r(chosen) - r(rejected)) (Bradley–Terry, as in arXiv 2203.02155), plus `centring` times the squared sum of
the two (arXiv 2312.09244), which keeps scores near zero.
"""

import statistics
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from trl import RewardConfig as TrlRewardConfig
from trl import RewardTrainer

from openqwq.artifacts.files import read_table, write_json
from openqwq.artifacts.schemas import PREFERENCE
from openqwq.config import Execution
from openqwq.config.train import RewardModelConfig
from openqwq.errors import UserError
from openqwq.evaluate.statistics import mean
from openqwq.generate.checkpoint import load_tokenizer, require_checkpoint
from openqwq.stage import Stage
from openqwq.train.arguments import supervised_arguments
from openqwq.train.dropout import without_dropout
from openqwq.train.loop import find_save, publish_checkpoint, train
from openqwq.train.order import training_order
from openqwq.train.saves import SealedSaves
from openqwq.train.scorer import STATISTICS, RewardScorer
from openqwq.train.sharded_trainer import ShardedSaves
from openqwq.train.tokens import encode, prompt_text

Pair = dict[str, Any]  # prompt, chosen, rejected: text


class BradleyTerryTrainer(ShardedSaves, SealedSaves, RewardTrainer):
    """TRL's RewardTrainer with saves that can be trusted, of a model that may be sharded.

    The mean over a batch is that of its micro-batches. Where pairs are too few to fill the last one of every process, the loader
    repeats pairs from the beginning: fewer than `micro_batch_size` × processes of them, in the last step alone.
    """


def run(stage: Stage, config: RewardModelConfig, start: Path, preferences: Path, out: Path, execution: Execution) -> None:
    """Trains from the checkpoint `start` on `preferences`/train.parquet; publishes checkpoint/, metrics.parquet, accuracy.json.

    The held-out accuracy is that of the published weights on `preferences`/eval.parquet.
    """
    tokenizer = load_tokenizer(start)
    training = pairs(preferences / "train.parquet", tokenizer)
    held_out = pairs(preferences / "eval.parquet", tokenizer)
    dataset = tokenised(training, tokenizer, config.max_length, stage, preferences)
    lengths = [max(map(len, sides)) for sides in zip(dataset["chosen_ids"], dataset["rejected_ids"], strict=True)]
    dataset = dataset.select(training_order(lengths, config.batch_size, config.epochs, stage.seed))
    save, step = find_save(stage)
    arguments = TrlRewardConfig(**supervised_arguments(stage, config, execution), center_rewards_coefficient=config.centring)
    trainer = BradleyTerryTrainer(
        model=with_score_head(start, stage.seed, tokenizer), args=arguments, train_dataset=dataset, processing_class=tokenizer
    )
    train(stage, trainer, save, step, names={"accuracy": "accuracy", "margin": "margin"})
    scorer = RewardScorer(trainer.accelerator.unwrap_model(trainer.model), tokenizer, execution.generation_batch)
    accuracy, scores = held_out_accuracy(scorer, held_out)
    low, high = accuracy["low"], accuracy["high"]
    stage.progress.say(f"held-out accuracy {accuracy['value']:.3f} [{low:.3f}, {high:.3f}], n = {accuracy['n']} pairs")

    def add(folder: Path) -> None:
        write_json(folder / "checkpoint" / STATISTICS, scores)
        write_json(folder / "accuracy.json", accuracy)

    publish_checkpoint(stage, trainer, out, add)


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


def pairs(path: Path, tokenizer: Any) -> list[Pair]:
    """The table's prompts as the model sees them, with the two completions as text."""
    rows = read_table(path, PREFERENCE).to_pylist()
    if not rows:
        raise UserError(f"{path}: no preference pairs. Add a source with role: preferences, and curate.held_out.preferences.")
    return [
        {
            "prompt": prompt_text(tokenizer, row),
            "chosen": row["chosen"][-1]["content"],
            "rejected": row["rejected"][-1]["content"],
        }
        for row in rows
    ]


def tokenised(rows: list[Pair], tokenizer: Any, max_length: int, stage: Stage, where: Path) -> Dataset:
    """Pairs as `chosen_ids` and `rejected_ids`; pairs with a side over `max_length` tokens are left out, and counted aloud."""
    kept = []
    for row in rows:
        ids = {side: sum(encode(tokenizer, row["prompt"], row[side]), start=[]) for side in ("chosen", "rejected")}  # noqa: RUF017
        if max(map(len, ids.values())) <= max_length:
            kept.append({f"{side}_ids": value for side, value in ids.items()})
    if len(kept) < len(rows):
        stage.progress.say(f"{len(rows) - len(kept)} of {len(rows)} pairs are longer than {max_length} tokens and are left out")
    if not kept:
        raise UserError(f"{where}: no pair of at most {max_length} tokens. Raise reward_model.max_length or add shorter pairs.")
    return Dataset.from_list(kept)


def held_out_accuracy(scorer: RewardScorer, held_out: list[Pair]) -> tuple[dict[str, float], dict[str, float]]:
    """Share of held-out pairs whose chosen side scores higher (a tie counts half), with its 95 % interval; score statistics.

    The statistics standardise scores for RL: over both sides of the held-out pairs.
    """
    chosen = scorer.raw([(row["prompt"], row["chosen"]) for row in held_out])
    rejected = scorer.raw([(row["prompt"], row["rejected"]) for row in held_out])
    wins = [1.0 if c > r else 0.5 if c == r else 0.0 for c, r in zip(chosen, rejected, strict=True)]
    estimate = mean(wins, samples=1, draws=10_000, seed=0)
    longer = sum(len(row["chosen"]) > len(row["rejected"]) for row in held_out) / len(held_out)
    accuracy = {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "n": len(held_out),
        "longer_is_better": longer,
    }
    every = [*chosen, *rejected]
    return accuracy, {"mean": statistics.fmean(every), "deviation": max(statistics.pstdev(every), 1e-6)}
