"""Samplers: draw completions from a checkpoint, with transformers or vLLM."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from openqwq import precision
from openqwq.config.train import Sampling
from openqwq.config.vllm import VllmConfig
from openqwq.errors import UserError
from openqwq.generate.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion as drawn."""

    text: str  # without the end token
    token_ids: list[int]  # the end token included
    finish_reason: Literal["stop", "length"]
    # The sampler's natural log-probability of each of `token_ids`, at the sampling temperature, over the whole vocabulary.
    # vLLM gives none where it drew from something else: greedily, or cut by top-p or top-k.
    logprobs: list[float] = field(default_factory=list)


class Sampler(Protocol):
    """What a generation engine offers."""

    def render(self, messages: Sequence[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
        """The prompt as the model sees it: chat template applied, ready for the assistant's turn."""

    def sample(
        self,
        prompts: Sequence[Prompt],
        samples: int | Sequence[int],
        sampling: Sampling,
        seed: int | Sequence[int],
        progress: Callable[[int, int], None] | None = None,
        on_prompt: Callable[[int, list[Sample]], None] | None = None,
    ) -> list[list[Sample]]:
        """`samples` completions of each prompt, in order. `progress(done, total)` counts completions.

        A prompt is rendered text, or token ids where it holds what a model wrote. `samples` and `seed` are one for all, or one
        a prompt.
        `on_prompt(index, samples)` is called once for each prompt, in any order, as soon as its last completion is drawn.
        """

    def update(self, tensors: Iterable[tuple[str, Any]]) -> None:
        """Takes over the weights of a model in training, by the names of its state dict."""

    def sleep(self) -> None:
        """Gives memory back that training needs, where the engine can; the next call is then `update`."""


@contextmanager
def open_sampler(
    engine: str, checkpoint: Path, batch: int, dtype: str = "auto", vllm: VllmConfig | None = None
) -> Iterator[Sampler]:
    """A sampler on the checkpoint folder, released at the end of the block.

    `batch` is the number of sequences decoded together; `dtype` that of the weights while sampling; `vllm` the settings of that
    engine.
    """
    if engine == "transformers":
        from openqwq.generate.transformers_engine import TransformersSampler

        yield TransformersSampler.load(checkpoint, batch, dtype)
    elif engine == "vllm":
        from openqwq.generate.vllm_start import start

        with start(checkpoint, batch, precision.settle(dtype), vllm or VllmConfig()) as sampler:
            yield sampler
    else:
        raise UserError(f"execution.engine: unknown engine {engine!r}. Known: transformers, vllm.")
