"""Scores of the reward model, normalised by statistics stored beside it."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from openqwq import precision
from openqwq.errors import StageFailure, UserError
from openqwq.generate.checkpoint import load_tokenizer, require_checkpoint
from openqwq.train import distributed, sharded
from openqwq.train.squash import Squash
from openqwq.train.tokens import encode

STATISTICS = "score_statistics.json"


class RewardScorer:
    """Batched scores of (prompt, completion) pairs. `batch` sequences go through the model together."""

    def __init__(self, model: Any, tokenizer: Any, batch: int, squash: Squash | None = None) -> None:
        self.model, self.tokenizer, self.batch, self.squash = model.eval(), tokenizer, batch, squash or Squash()

    @classmethod
    def load(cls, checkpoint: Path, batch: int, dtype: str, clip: float | None = None) -> "RewardScorer":
        """From a published reward model with its statistics; `clip` as in `Squash`."""
        from transformers import AutoModelForSequenceClassification

        require_checkpoint(checkpoint)
        model = AutoModelForSequenceClassification.from_pretrained(
            checkpoint,
            dtype=getattr(torch, precision.settle(dtype)),
            trust_remote_code=False,
            local_files_only=True,
            use_safetensors=True,
        )
        if torch.cuda.is_available():  # one process holds it whole; several a part each, and score together
            model = sharded.shard(model) if distributed.join() else model.to("cuda")
        statistics = read_statistics(checkpoint)
        squash = Squash(statistics["mean"], statistics["deviation"], clip)
        return cls(model, load_tokenizer(checkpoint), batch, squash)

    def raw(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The model's own scores, on no particular scale. Raises `StageFailure` for one that is no finite number."""
        encoded = [encode(self.tokenizer, prompt, completion) for prompt, completion in pairs]
        rows = [before + after for before, after in encoded]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        scores = [0.0] * len(rows)
        with torch.inference_mode():
            for start in range(0, len(order), self.batch):
                chunk = order[start : start + self.batch]
                inputs = self.tokenizer.pad({"input_ids": [rows[i] for i in chunk]}, padding_side="right", return_tensors="pt")
                logits = self.model(**inputs.to(self.model.device)).logits[:, 0].float().tolist()
                for i, score in zip(chunk, logits, strict=True):
                    scores[i] = score
        if not all(map(math.isfinite, scores)):
            raise StageFailure(
                "the reward model gave a score that is no finite number, so nothing can be learnt from it or measured. Train it "
                "anew with a smaller reward_model.optimizer.learning_rate, or score in float32 (execution.generation_dtype)."
            )
        return scores

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Scores in [0, 1] (`Squash`)."""
        return self.squash(self.raw(pairs))


def read_statistics(checkpoint: Path) -> dict[str, float]:
    """Mean and deviation of a published reward model's scores. Raises `UserError` for a folder without them."""
    try:
        stored = json.loads((checkpoint / STATISTICS).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"{checkpoint}: no {STATISTICS}, so this is no reward model of the stage reward_model. Give that stage's folder."
        ) from error
    return {"mean": float(stored["mean"]), "deviation": float(stored["deviation"])}
