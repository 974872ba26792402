"""Sampling with vLLM inside the stage's own process; weights are handed over in place between RL steps.

On a GPU the engine shares the device with the trainer: between two sampling phases it sleeps at level 2, which keeps neither
weights nor keys and values, because the next phase begins with new weights. Waking is in two parts, so that keys and values take
their memory only when the trainer's copies of gathered weights are gone.

Where the stage runs in several processes, each has an engine, or with `tensor_parallel_size` T every T neighbours share one: they
are given the same prompts and draw the same samples.
"""

import gc
import os
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from openqwq.config.vllm import VllmConfig
from openqwq.errors import StageFailure
from openqwq.generate.vllm_requests import Answer, Prompts, VllmRequests
from openqwq.generate.weights import weight_files

SLEEP_LEVEL = 2
LAST_WORDS = 30.0  # seconds for an engine that has failed to put itself away


class VllmSampler(VllmRequests):
    """Samples through one engine in this process, which may have `workers` in others."""

    def __init__(self, engine: Any, prompts: Prompts, dtype: str, *, sleeps: bool, workers: bool) -> None:
        super().__init__(prompts)
        self.engine, self.dtype, self.sleeps, self.workers = engine, dtype, sleeps, workers
        self.asleep = self.failed = False

    def update(self, tensors: Iterable[tuple[str, Any]]) -> None:
        # `reload_weights` and not the model's `load_weights`: on a CPU linear layers are stored repacked, and only the former
        # undoes and redoes that, a layer at a time. Tensors are taken one by one, so no second copy of the model exists.
        with self._ends_the_stage("taking over new weights"):
            if self.asleep:
                self.engine.wake_up(tags=["weights"])
            if self.workers:  # an iterator cannot travel to them
                with weight_files(tensors, self.dtype) as folder:
                    self.engine.collective_rpc("reload_weights", kwargs={"weights_path": str(folder)})
            else:
                self.engine.collective_rpc("reload_weights", kwargs={"weights_iterator": iter(tensors)})
            if self.asleep:
                self.engine.wake_up(tags=["kv_cache"])
                self.asleep = False
            if not self.engine.reset_prefix_cache():  # cached keys and values are those of the weights before
                raise RuntimeError("its cache of prompts was not emptied")

    def sleep(self) -> None:
        if self.sleeps and not self.asleep:
            with self._ends_the_stage("going to sleep"):
                self.engine.sleep(level=SLEEP_LEVEL)
            self.asleep = True

    def _draw(self, tokens: list[list[int]], parameters: list[dict[str, Any]]) -> Iterator[tuple[int, list[Answer]]]:
        from vllm import SamplingParams
        from vllm.inputs.engine import tokens_input
        from vllm.sampling_params import RequestOutputKind

        if self.asleep:
            raise ValueError("the engine sleeps without weights: update() comes before sample()")
        core = self.engine.llm_engine
        with self._ends_the_stage("sampling"):
            for number, (ids, one) in enumerate(zip(tokens, parameters, strict=True)):
                wanted = SamplingParams(**one, detokenize=False, output_kind=RequestOutputKind.FINAL_ONLY)
                core.add_request(str(number), tokens_input(ids), wanted)
            while core.has_unfinished_requests():
                for output in core.step():
                    if output.finished:
                        yield int(output.request_id), [_answer(one) for one in sorted(output.outputs, key=lambda one: one.index)]

    @contextmanager
    def _ends_the_stage(self, doing: str) -> Iterator[None]:
        """`_ends_the_stage` below, for an engine that is there already."""
        try:
            with _ends_the_stage(doing):
                yield
        except StageFailure:
            self.failed = True
            raise


def _answer(output: Any) -> Answer:
    ids = list(output.token_ids)
    # One mapping a position, by token; with `logprobs` 0 the drawn token is its only entry.
    kept = [position[token].logprob for token, position in zip(ids, output.logprobs or [], strict=False)]
    return Answer(ids, kept, output.finish_reason)


@contextmanager
def engine(checkpoint: Path, settings: dict[str, Any], config: VllmConfig) -> Iterator[VllmSampler]:
    """An engine in this process for the block; its memory is free afterwards. Raises `StageFailure` if it does not start."""
    os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # one process: the engine dies with the stage, weights need no transport
    from vllm import LLM

    launched = settings["distributed_executor_backend"] is not None
    prompts = Prompts.load(checkpoint, config.max_model_len)
    with _ends_the_stage("loading the model"):
        llm = LLM(model=str(checkpoint), trust_remote_code=False, disable_log_stats=True, **settings)
    workers = config.tensor_parallel_size > 1 and not launched
    sampler = VllmSampler(llm, prompts, settings["dtype"], sleeps=settings["enable_sleep_mode"], workers=workers)
    del llm
    try:
        yield sampler
    finally:
        client, sampler.engine = sampler.engine.llm_engine.engine_core, None
        if sampler.failed:
            _abandon(client, launched)
        else:
            _release(client, launched)
        gc.collect()


def _abandon(client: Any, launched: bool) -> None:
    """Puts a failed engine away, with patience that ends: it may wait for ever for a worker that is dead to read its messages."""
    thread = threading.Thread(target=_release, args=(client, launched), daemon=True)
    thread.start()
    thread.join(LAST_WORDS)


def _release(client: Any, launched: bool) -> None:
    if not launched:
        client.shutdown()
        return
    # Its `shutdown` would also end the group of the stage's processes, with which training goes on.
    from vllm.distributed.parallel_state import destroy_model_parallel

    client._finalizer.detach()
    client.engine_core.model_executor.shutdown()
    destroy_model_parallel()


@contextmanager
def _ends_the_stage(doing: str) -> Iterator[None]:
    """An engine that fails is not usable again: its errors become one `StageFailure`."""
    from vllm.exceptions import VLLMError

    try:
        yield
    except (VLLMError, RuntimeError, ValueError, AssertionError, OSError) as error:  # RuntimeError: out of memory too
        told = " ".join(str(error).split())[:600]
        raise StageFailure(
            f"vLLM failed while {doing} ({type(error).__name__}: {told}). What was saved is kept; mend the cause (memory: "
            "execution.vllm.gpu_memory_utilization, kv_cache_gb, max_model_len, generation_batch) and start the stage again."
        ) from error
