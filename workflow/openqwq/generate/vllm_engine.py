"""Sampling with vLLM inside the stage's own process; weights are handed over in place between RL steps."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from openqwq.config.train import Sampling
from openqwq.errors import UserError
from openqwq.generate import Sample
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.generate.template import render


class VllmSampler:
    """Samples through one vLLM engine. `batch` bounds the sequences that run at once."""

    def __init__(self, engine: Any, tokenizer: Any) -> None:
        self.engine, self.tokenizer = engine, tokenizer

    @classmethod
    def load(cls, checkpoint: Path, batch: int, dtype: str) -> "VllmSampler":
        """From a checkpoint folder. Raises `UserError` where vLLM is not installed."""
        # One process: the engine dies with the stage, and weights need no transport.
        os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        tokenizer = load_tokenizer(checkpoint)
        try:
            from vllm import LLM
        except ImportError as error:
            raise UserError(
                "execution.engine: vllm is not installed in this environment. Use the GPU environment (`make env ENV=gpu`), "
                "or execution: {engine: transformers}."
            ) from error
        return cls(LLM(model=str(checkpoint), dtype=dtype, max_num_seqs=batch, trust_remote_code=False), tokenizer)

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
        from vllm import SamplingParams

        tokens = [{"prompt_token_ids": self.tokenizer(p, add_special_tokens=False)["input_ids"]} for p in prompts]
        parameters = [
            SamplingParams(
                n=samples,
                temperature=sampling.temperature,
                top_p=sampling.top_p,
                top_k=sampling.top_k or -1,
                max_tokens=sampling.max_tokens,
                seed=int.from_bytes(hashlib.sha256(f"{seed}\x00{prompt}".encode()).digest()[:4], "little"),
                skip_special_tokens=False,
            )
            for prompt in prompts
        ]
        answers = self.engine.generate(tokens, parameters, use_tqdm=False)
        if progress:
            progress(len(prompts) * samples, len(prompts) * samples)
        drawn = [[self._sample(output) for output in answer.outputs] for answer in answers]
        if on_prompt:
            for index, one in enumerate(drawn):
                on_prompt(index, one)
        return drawn

    def update(self, tensors: Iterable[tuple[str, Any]]) -> None:
        self.engine.collective_rpc("reload_weights", kwargs={"weights_iterator": iter(tensors)})
        self.engine.reset_prefix_cache()  # cached keys and values are those of the weights before

    def _sample(self, output: Any) -> Sample:
        ids = list(output.token_ids)
        stopped = output.finish_reason == "stop"
        text = self.tokenizer.decode(ids[:-1] if stopped else ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        return Sample(text, ids, "stop" if stopped else "length")
