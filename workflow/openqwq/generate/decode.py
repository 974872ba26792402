"""The decoding loop: rows of any age in one batch; a free place goes to the next row that waits.

Stock `generate` reads a prompt once for every sample of it, keeps computing rows that have ended, and ends with its slowest
row. Here each distinct prompt is read once and its cache repeated for its samples; when enough rows have ended they leave,
and rows that wait join those that go on (iteration-level scheduling, Orca, OSDI 2022). What a row draws depends on its own
logits and its own uniform numbers, not on its neighbours.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from transformers import DynamicCache

from openqwq.config.train import Sampling
from openqwq.generate.cache import RowCache
from openqwq.generate.prefill import read_prompts
from openqwq.generate.sampling import draw

FREE_SHARE = 0.25  # of the batch; below it, moving the cache costs more than the places give


@dataclass
class Row:
    """One completion to draw, the `number`th of its prompt; `noise()` gives a uniform number for each token it may have."""

    index: int  # of the prompt
    number: int
    prompt: tuple[int, ...]
    noise: Callable[[], np.ndarray]
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    over: bool = False


class Decoder:
    """Draws rows with a model, at most `batch` at a time. A row ends with one of `ends`, or at `sampling.max_tokens`."""

    def __init__(self, model: Any, padding: int, ends: frozenset[int], sampling: Sampling, batch: int) -> None:
        self.model, self.padding, self.ends, self.sampling, self.batch = model, padding, ends, sampling, batch
        # Models that keep a window or a state instead of all keys cannot take rows of another age in.
        self.joins = RowCache.fits(model.config)
        self.ended: Callable[[Row], None]
        self.live: list[Row] = []
        self.cache: Any = None
        self.mask: torch.Tensor  # (B, L), of the tokens in the cache
        self.noise: torch.Tensor  # (B, max_tokens)
        self.token: torch.Tensor  # (B,), drawn last and not yet read

    def run(self, rows: Sequence[Row], ended: Callable[[Row], None]) -> None:
        """Fills tokens and log-probabilities of all rows; `ended(row)` is called for each as soon as it is over."""
        self.ended = ended
        waiting = deque(rows)
        while waiting or self.live:
            over = sum(row.over for row in self.live)
            places = self.batch - len(self.live) + over
            moves = over >= FREE_SHARE * len(self.live)  # also where none is alive
            if moves or (self.joins and waiting and places >= FREE_SHARE * self.batch):
                self._leave()
                if waiting and (self.joins or not self.live):
                    self._enter([waiting.popleft() for _ in range(min(len(waiting), self.batch - len(self.live)))])
            else:
                self._read()

    def _leave(self) -> None:
        """Takes the rows that are over out of the batch, and columns that no other row needs."""
        keep = [at for at, row in enumerate(self.live) if not row.over]
        if len(keep) == len(self.live):
            return
        self.live = [self.live[at] for at in keep]
        if not keep:
            return
        index = torch.tensor(keep, device=self.model.device)
        self.mask, self.noise, self.token = self.mask[index], self.noise[index], self.token[index]
        if self.joins:
            unused = int(self.mask.any(dim=0).int().argmax())
            self.mask = self.mask[:, unused:]
            self.cache.drop(unused)
        self.cache.batch_select_indices(index)

    def _enter(self, rows: list[Row]) -> None:
        """Reads the prompts of `rows`, draws their first tokens and puts them into the batch."""
        device = self.model.device
        distinct = list(dict.fromkeys(row.prompt for row in rows))
        number = {prompt: at for at, prompt in enumerate(distinct)}
        which = torch.tensor([number[row.prompt] for row in rows], device=device)
        cache = RowCache(self.model.config) if self.joins else DynamicCache(config=self.model.config)
        mask, logits = read_prompts(self.model, self.padding, distinct, cache)
        cache.batch_select_indices(which)
        mask, noise = mask[which], torch.from_numpy(np.stack([row.noise() for row in rows])).to(device)
        token = self._draw(logits[which], noise, rows)
        if self.live:
            self.cache.join(cache)
            width = max(self.mask.size(1), mask.size(1))
            mask = torch.cat([torch.nn.functional.pad(old, (width - old.size(1), 0)) for old in (self.mask, mask)])
            noise, token = torch.cat([self.noise, noise]), torch.cat([self.token, token])
        else:
            self.cache = cache
        self.live, self.mask, self.noise, self.token = [*self.live, *rows], mask, noise, token

    def _read(self) -> None:
        """Every row reads the token drawn last and draws the next; rows that are over do so in vain until they leave."""
        self.mask = torch.nn.functional.pad(self.mask, (0, 1), value=1)
        out = self.model(
            input_ids=self.token.unsqueeze(1),
            attention_mask=self.mask,
            position_ids=self.mask.sum(1, keepdim=True) - 1,
            past_key_values=self.cache,
            use_cache=True,
        )
        self.token = self._draw(out.logits[:, -1], self.noise, self.live)

    def _draw(self, logits: torch.Tensor, noise: torch.Tensor, rows: list[Row]) -> torch.Tensor:
        """The next token of each row, (B,), noted in those that are not over."""
        settings = self.sampling
        age = torch.tensor([min(len(row.tokens), settings.max_tokens - 1) for row in rows], device=logits.device)
        uniform = noise.gather(1, age.unsqueeze(1)).squeeze(1)
        token, logprob = draw(logits, uniform, temperature=settings.temperature, top_k=settings.top_k, top_p=settings.top_p)
        for row, value, figure in zip(rows, token.tolist(), logprob.tolist(), strict=True):
            if not row.over:
                row.tokens.append(value)
                row.logprobs.append(figure)
                row.over = value in self.ends or len(row.tokens) == settings.max_tokens
                if row.over:
                    self.ended(row)
        return token
