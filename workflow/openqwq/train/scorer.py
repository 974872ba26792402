"""Scores of the reward model, normalised by statistics stored beside it."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from openqwq.generate.checkpoint import load_tokenizer, require_checkpoint
from openqwq.train import distributed, sharded
from openqwq.train.tokens import encode

STATISTICS = "score_statistics.json"


class RewardScorer:
    """Batched scores of (prompt, completion) pairs. `batch` sequences go through the model together."""

    def __init__(self, model: Any, tokenizer: Any, batch: int, mean: float = 0.0, deviation: float = 1.0) -> None:
        self.model, self.tokenizer, self.batch, self.mean, self.deviation = model.eval(), tokenizer, batch, mean, deviation

    @classmethod
    def load(cls, checkpoint: Path, batch: int, dtype: str) -> "RewardScorer":
        """From a published reward model with its statistics."""
        from transformers import AutoModelForSequenceClassification

        require_checkpoint(checkpoint)
        model = AutoModelForSequenceClassification.from_pretrained(
            checkpoint, dtype=getattr(torch, dtype), trust_remote_code=False, local_files_only=True, use_safetensors=True
        )
        if torch.cuda.is_available():  # one process holds it whole; several a part each, and score together
            model = sharded.shard(model) if distributed.join() else model.to("cuda")
        statistics = json.loads((checkpoint / STATISTICS).read_text(encoding="utf-8"))
        return cls(model, load_tokenizer(checkpoint), batch, statistics["mean"], statistics["deviation"])

    def raw(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The model's own scores, on no particular scale."""
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
        return scores

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Scores in [0, 1]: standardised by the held-out pairs' statistics, then squashed by the logistic function."""
        return [1 / (1 + math.exp(-max(-30.0, min(30.0, (s - self.mean) / self.deviation)))) for s in self.raw(pairs)]
