"""What both ways of reaching vLLM share: prompts to requests, answers to samples."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openqwq.config.train import Sampling
from openqwq.generate import Sample
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.generate.context import require_room
from openqwq.generate.prompts import Prompt, key, one_each, token_ids
from openqwq.generate.template import render


@dataclass(frozen=True, slots=True)
class Prompts:
    """A model's tokenizer, the tokens that end its answers, and how many tokens it can read and write."""

    tokenizer: Any
    end_tokens: list[int]
    limit: int | None

    @classmethod
    def load(cls, checkpoint: Path, max_model_len: int | None) -> "Prompts":
        """From a checkpoint folder. The ends are those of the transformers engine, so that both stop at the same tokens."""
        from transformers import AutoConfig, GenerationConfig

        tokenizer = load_tokenizer(checkpoint)
        own = AutoConfig.from_pretrained(checkpoint, trust_remote_code=False, local_files_only=True)
        if (checkpoint / "generation_config.json").is_file():
            ends = GenerationConfig.from_pretrained(checkpoint, local_files_only=True).eos_token_id
        else:
            ends = own.eos_token_id
        found = {tokenizer.eos_token_id, *([ends] if isinstance(ends, int) else ends or [])}
        limits = [n for n in (max_model_len, getattr(own, "max_position_embeddings", None)) if n is not None]
        return cls(tokenizer, sorted(found), min(limits, default=None))


@dataclass(frozen=True, slots=True)
class Answer:
    """One completion as vLLM gives it: ids with the end token, their log-probabilities if asked for."""

    token_ids: list[int]
    logprobs: list[float]
    finish_reason: str


class VllmRequests(ABC):
    """A sampler that turns prompts into vLLM's parameters and leaves the drawing to `_draw`."""

    def __init__(self, prompts: Prompts) -> None:
        self.prompts, self.tokenizer = prompts, prompts.tokenizer

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
        require_room(prompts, tokens, sampling.max_tokens, self.prompts.limit)
        counts, seeds = one_each(samples, prompts, "numbers of samples"), one_each(seed, prompts, "seeds")
        parameters = [self._parameters(p, count, sampling, own) for p, count, own in zip(prompts, counts, seeds, strict=True)]
        drawn: dict[int, list[Sample]] = {}
        ready = 0
        for index, answers in self._draw(tokens, parameters):
            drawn[index] = [self._sample(answer) for answer in answers]
            if on_prompt:
                on_prompt(index, drawn[index])
            ready += counts[index]
            if progress:
                progress(ready, sum(counts))
        return [drawn[index] for index in range(len(prompts))]

    @abstractmethod
    def update(self, tensors: Iterable[tuple[str, Any]]) -> None:
        """As in `Sampler`."""

    @abstractmethod
    def sleep(self) -> None:
        """As in `Sampler`."""

    @abstractmethod
    def _draw(self, tokens: list[list[int]], parameters: list[dict[str, Any]]) -> Iterator[tuple[int, list[Answer]]]:
        """Each prompt's number and answers, as soon as the last of them is drawn."""

    def _parameters(self, prompt: Prompt, samples: int, sampling: Sampling, seed: int) -> dict[str, Any]:
        """Fields of vLLM's `SamplingParams` and of its completions endpoint.

        A prompt's seed depends on the seed, the prompt and, in vLLM, the sample's number alone, so a completion is the same
        whatever batch it is drawn in, as far as the logits are. vLLM's log-probabilities are those of the distribution that is
        drawn from: over the whole vocabulary only where nothing cuts it.
        """
        whole = sampling.temperature > 0 and sampling.top_p == 1 and sampling.top_k == 0
        return {
            "n": samples,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "max_tokens": sampling.max_tokens,
            "seed": int.from_bytes(hashlib.sha256(f"{seed}\x00{key(prompt)}".encode()).digest()[:4], "little") >> 1,
            "stop_token_ids": self.prompts.end_tokens,
            "skip_special_tokens": False,
            "logprobs": 0 if whole else None,
        }

    def _sample(self, answer: Answer) -> Sample:
        stopped = answer.finish_reason == "stop"
        ids = answer.token_ids
        text = self.tokenizer.decode(ids[:-1] if stopped else ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Sample(text, ids, "stop" if stopped else "length", answer.logprobs)
