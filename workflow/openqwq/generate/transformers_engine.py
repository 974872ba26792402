"""Sampling with transformers: prompts of one group are read once, finished sequences leave the batch.

Stock `generate` reads a prompt once for every sample of it and keeps computing for rows that have ended. Here each
distinct prompt of a batch is prefilled once and its cache repeated, and when a quarter of the rows has finished the
batch is compacted.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from openqwq.config.train import Sampling
from openqwq.generate import Sample
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.generate.context import require_room
from openqwq.generate.sampling import draw, uniforms
from openqwq.generate.template import render

COMPACT_SHARE = 0.25  # of finished rows; below it the copy of the cache costs more than it saves


class TransformersSampler:
    """Samples from a model in memory. `batch` is the number of sequences decoded together."""

    def __init__(self, model: Any, tokenizer: Any, batch: int) -> None:
        self.model, self.tokenizer, self.batch = model, tokenizer, batch
        ends = model.generation_config.eos_token_id or tokenizer.eos_token_id
        self.end_tokens = frozenset([ends] if isinstance(ends, int) else ends) | {tokenizer.eos_token_id}

    @classmethod
    def load(cls, checkpoint: Path, batch: int, dtype: str) -> "TransformersSampler":
        """From a checkpoint folder."""
        return cls(load_model(checkpoint, dtype), load_tokenizer(checkpoint), batch)

    def render(self, messages: Sequence[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
        return render(self.tokenizer, messages, tools)

    def sample(
        self,
        prompts: Sequence[str],
        samples: int,
        sampling: Sampling,
        seed: int,
        progress: Callable[[int, int], None] | None = None,
        on_prompt: Callable[[int, list[Sample]], None] | None = None,
    ) -> list[list[Sample]]:
        tokens = [self.tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
        require_room(prompts, tokens, sampling.max_tokens, getattr(self.model.config, "max_position_embeddings", None))
        # Prompts of similar length share a batch, and samples of one prompt its prefill.
        order = sorted(range(len(prompts)), key=lambda i: len(tokens[i]))
        work = [(i, s) for i in order for s in range(samples)]
        results: list[list[Sample | None]] = [[None] * samples for _ in prompts]
        done = 0
        with _evaluating(self.model), torch.inference_mode():
            for start in range(0, len(work), self.batch):
                chunk = work[start : start + self.batch]
                noise = np.stack([uniforms(seed, prompts[i], s, sampling.max_tokens) for i, s in chunk])
                for (i, s), ids in zip(chunk, self._decode([tokens[i] for i, _ in chunk], noise, sampling), strict=True):
                    results[i][s] = self._finish(ids)
                    if on_prompt and s == samples - 1:  # samples of a prompt are drawn in their order
                        on_prompt(i, [sample for sample in results[i] if sample is not None])
                done += len(chunk)
                if progress:
                    progress(done, len(work))
        return [[sample for sample in row if sample is not None] for row in results]

    def update(self, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        own = self.model.state_dict()
        with torch.no_grad():
            for name, tensor in tensors:
                own[name].copy_(tensor)

    def sleep(self) -> None:
        """Nothing: weights alone are kept between two calls."""

    def _finish(self, ids: list[int]) -> Sample:
        stopped = bool(ids) and ids[-1] in self.end_tokens
        text = self.tokenizer.decode(ids[:-1] if stopped else ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Sample(text, ids, "stop" if stopped else "length")

    def _prefill(self, rows: list[list[int]]) -> tuple[Any, torch.Tensor, torch.Tensor]:
        """Reads each distinct prompt once; returns the cache, mask (B, P) and last logits (B, V) for all rows."""
        from transformers import DynamicCache

        distinct = [list(ids) for ids in dict.fromkeys(map(tuple, rows))]
        which = torch.tensor([distinct.index(ids) for ids in rows], device=self.model.device)
        width = max(map(len, distinct))
        padding = self.tokenizer.pad_token_id
        ids = torch.tensor([[padding] * (width - len(r)) + r for r in distinct], device=self.model.device)
        mask = torch.tensor([[0] * (width - len(r)) + [1] * len(r) for r in distinct], device=self.model.device)
        cache = DynamicCache(config=self.model.config)
        positions = (mask.cumsum(1) - 1).clamp(min=0)
        out = self.model(
            input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1
        )
        cache.batch_select_indices(which)
        return cache, mask[which], out.logits[which, -1]

    def _decode(self, rows: list[list[int]], noise: np.ndarray, sampling: Sampling) -> list[list[int]]:
        """Token ids of one completion a row; `noise` is (B, max_tokens) uniform numbers."""
        uniform = torch.from_numpy(noise).to(self.model.device)
        cache, mask, logits = self._prefill(rows)
        alive = torch.arange(len(rows), device=self.model.device)  # row in `rows` of each row of the batch
        finished = torch.zeros(len(rows), dtype=torch.bool, device=self.model.device)
        ends = torch.tensor(sorted(self.end_tokens), device=self.model.device)
        output: list[list[int]] = [[] for _ in rows]
        for step in range(sampling.max_tokens):
            token = draw(
                logits, uniform[alive, step], temperature=sampling.temperature, top_k=sampling.top_k, top_p=sampling.top_p
            )
            for row, value, over in zip(alive.tolist(), token.tolist(), finished.tolist(), strict=True):
                if not over:
                    output[row].append(value)
            finished |= torch.isin(token, ends)
            if bool(finished.all()) or step + 1 == sampling.max_tokens:
                break
            if int(finished.sum()) >= COMPACT_SHARE * len(finished):
                keep = (~finished).nonzero().squeeze(1)
                cache.batch_select_indices(keep)
                alive, mask, token, finished = alive[keep], mask[keep], token[keep], finished[keep]
            mask = torch.cat([mask, mask.new_ones(len(mask), 1)], dim=1)
            out = self.model(
                input_ids=token.unsqueeze(1),
                attention_mask=mask,
                position_ids=mask.sum(1, keepdim=True) - 1,
                past_key_values=cache,
                use_cache=True,
            )
            logits = out.logits[:, -1]
        return output


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Evaluation mode for the block; the mode before is restored."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
