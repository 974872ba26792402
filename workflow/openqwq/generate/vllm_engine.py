"""Sampling with vLLM inside the stage's own process; weights are handed over in place between RL steps.

On a GPU the engine shares the device with the trainer: between two sampling phases it sleeps at level 2, which keeps neither
weights nor keys and values, because the next phase begins with new weights. Waking is in two parts, so that keys and values take
their memory only when the trainer's copies of gathered weights are gone.
"""

import gc
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openqwq.config.vllm import VllmConfig
from openqwq.errors import StageFailure, UserError
from openqwq.generate.vllm_requests import Answer, Prompts, Tell, VllmRequests

SLEEP_LEVEL = 2


class VllmSampler(VllmRequests):
    """Samples through one engine in this process."""

    def __init__(self, engine: Any, prompts: Prompts, sleeps: bool) -> None:
        super().__init__(prompts)
        self.engine, self.sleeps, self.asleep = engine, sleeps, False

    def update(self, tensors: Iterable[tuple[str, Any]]) -> None:
        # `reload_weights` and not the model's `load_weights`: on CPU linear layers are stored repacked, and only the former
        # undoes and redoes that, a layer at a time. Tensors are taken one by one, so no second copy of the model exists.
        with _ends_the_stage("taking over new weights"):
            if self.asleep:
                self.engine.wake_up(tags=["weights"])
            self.engine.collective_rpc("reload_weights", kwargs={"weights_iterator": iter(tensors)})
            if self.asleep:
                self.engine.wake_up(tags=["kv_cache"])
                self.asleep = False
            self.engine.reset_prefix_cache()  # cached keys and values are those of the weights before

    def sleep(self) -> None:
        if self.sleeps and not self.asleep:
            with _ends_the_stage("going to sleep"):
                self.engine.sleep(level=SLEEP_LEVEL)
            self.asleep = True

    def _draw(self, tokens: list[list[int]], parameters: list[dict[str, Any]], tell: Tell) -> list[list[Answer]]:
        from vllm import SamplingParams

        if self.asleep:
            raise ValueError("the engine sleeps without weights: update() comes before sample()")
        with _ends_the_stage("sampling"):
            answers = self.engine.generate(
                [{"prompt_token_ids": ids} for ids in tokens],
                [SamplingParams(**one, detokenize=False) for one in parameters],
                use_tqdm=False,
            )
        tell(len(answers))
        return [[_answer(output) for output in answer.outputs] for answer in answers]
