"""Sampling with any causal language model of transformers, on CPU or one GPU."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from openqwq.config.train import Sampling
from openqwq.generate import Sample
from openqwq.generate.attention import use_grouped_attention
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.generate.context import require_room
from openqwq.generate.decode import Decoder, Row
from openqwq.generate.packed import PackedLinears
from openqwq.generate.prompts import Prompt, key, one_each, token_ids
from openqwq.generate.sampling import uniforms
from openqwq.generate.template import render


class TransformersSampler:
    """Samples from a model in memory. `batch` is the number of sequences decoded together."""

    def __init__(self, model: Any, tokenizer: Any, batch: int) -> None:
        self.model, self.tokenizer, self.batch = model, tokenizer, batch
        use_grouped_attention(model)
        self.packed = PackedLinears(model, batch)
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
        prompts: Sequence[Prompt],
        samples: int | Sequence[int],
        sampling: Sampling,
        seed: int | Sequence[int],
        progress: Callable[[int, int], None] | None = None,
        on_prompt: Callable[[int, list[Sample]], None] | None = None,
    ) -> list[list[Sample]]:
        tokens = [token_ids(self.tokenizer, prompt) for prompt in prompts]
        seeds, counts = one_each(seed, prompts, "seeds"), one_each(samples, prompts, "numbers of samples")
        require_room(prompts, tokens, sampling.max_tokens, getattr(self.model.config, "max_position_embeddings", None))
        # Prompts of similar length share a batch, and samples of one prompt its prefill.
        order = sorted(range(len(prompts)), key=lambda i: len(tokens[i]))
        rows = [
            Row(i, number, tuple(tokens[i]), partial(uniforms, seeds[i], key(prompts[i]), number, sampling.max_tokens))
            for i in order
            for number in range(counts[i])
        ]
        drawn: list[dict[int, Sample]] = [{} for _ in prompts]

        def ended(row: Row) -> None:
            drawn[row.index][row.number] = self._finish(row)
            if on_prompt and len(drawn[row.index]) == counts[row.index]:
                on_prompt(row.index, _in_order(drawn[row.index]))
            if progress:
                progress(sum(map(len, drawn)), len(rows))

        decoder = Decoder(self.model, self.tokenizer.pad_token_id, self.end_tokens, sampling, self.batch)
        with _evaluating(self.model), torch.inference_mode():
            decoder.run(rows, ended)
        return [_in_order(one) for one in drawn]

    def update(self, tensors: Iterable[tuple[str, torch.Tensor]]) -> None:
        own = self.model.state_dict()
        with torch.no_grad():
            for name, tensor in tensors:
                own[name].copy_(tensor)
        self.packed.renew()

    def sleep(self) -> None:
        """Nothing: weights alone are kept between two calls."""

    def _finish(self, row: Row) -> Sample:
        stopped = row.tokens[-1] in self.end_tokens
        ids = row.tokens[:-1] if stopped else row.tokens
        text = self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Sample(text, row.tokens, "stop" if stopped else "length", row.logprobs)


def _in_order(samples: dict[int, Sample]) -> list[Sample]:
    return [samples[number] for number in sorted(samples)]


@contextmanager
def _evaluating(model: Any) -> Iterator[None]:
    """Evaluation mode for the block; the mode before is restored."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
