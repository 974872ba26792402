"""Stage coldstart: supervised training on worked traces with TRL's SFTTrainer.

QwQ-32B starts its RL from a cold-start checkpoint whose data are not disclosed; here they are the curated traces, and
the loss is taken on the completion only.
"""

from pathlib import Path
from typing import Any

from datasets import Dataset
from trl import SFTConfig as TrlSftConfig
from trl import SFTTrainer

from openqwq import ranks
from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import TRACE
from openqwq.config import Execution
from openqwq.config.train import SftConfig
from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.train.arguments import supervised_arguments
from openqwq.train.loop import find_save, publish_checkpoint, train
from openqwq.train.order import filled, training_order
from openqwq.train.saves import SealedSaves
from openqwq.train.sharded_trainer import ShardedSaves, master_weights
from openqwq.train.tokens import encode_trace
from openqwq.train.vocabulary import replace_fused_head


class ColdStartTrainer(ShardedSaves, SealedSaves, SFTTrainer):
    """TRL's SFTTrainer with saves that can be trusted, of a model that may be sharded."""


def run(stage: Stage, config: SftConfig, base: Path, traces: Path, out: Path, execution: Execution) -> None:
    """Trains the checkpoint `base` on `traces`/train.parquet and publishes `out` with checkpoint/ and metrics.parquet.

    Where `traces`/eval.parquet has rows, the loss on them is measured on the way.
    """
    tokenizer = load_tokenizer(base)
    rows = tokenised(traces / "train.parquet", tokenizer, config.max_length, stage)
    if not rows:
        raise UserError(
            f"{traces}: no trace of at most {config.max_length} tokens. Raise coldstart.max_length or add shorter traces."
        )
    order = training_order([len(row["input_ids"]) for row in rows], config.batch_size, config.epochs, stage.seed)
    held_out = tokenised(traces / "eval.parquet", tokenizer, config.max_length, stage)
    save, step = find_save(stage)
    arguments = TrlSftConfig(**supervised_arguments(stage, config, execution), completion_only_loss=True)
    ordered = [rows[i] for i in order]
    if ranks.launched():
        ordered = filled(ordered, config.micro_batch_size * ranks.count())
    trainer = ColdStartTrainer(
        model=master_weights(base),
        args=arguments,
        train_dataset=Dataset.from_list(ordered),
        eval_dataset=Dataset.from_list(held_out) if held_out else None,
        processing_class=tokenizer,
    )
    replace_fused_head(trainer.model)
    train(stage, trainer, save, step)
    publish_checkpoint(stage, trainer, out)


def tokenised(traces: Path, tokenizer: Any, max_length: int, stage: Stage) -> list[dict[str, list[int]]]:
    """Traces as `input_ids` and `completion_mask`. Traces over `max_length` tokens are left out, and counted aloud."""
    rows = []
    table = read_table(traces, TRACE).to_pylist()
    for row in table:
        ids, learnt = encode_trace(tokenizer, row)
        if len(ids) <= max_length:
            rows.append({"input_ids": ids, "completion_mask": list(map(int, learnt))})
    if len(rows) < len(table):
        stage.progress.say(
            f"{len(table) - len(rows)} of {len(table)} traces are longer than {max_length} tokens and are left out"
        )
    stage.progress.say(f"{traces.stem}: {len(rows)} traces, {sum(len(r['input_ids']) for r in rows)} tokens")
    return rows
