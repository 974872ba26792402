"""Starts vLLM as `execution.vllm` says and releases it."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from openqwq.config.vllm import VllmConfig
from openqwq.errors import UserError
from openqwq.generate import Sampler

CPU_CACHE_GB = 4.0
CPU_BLOCK = 32  # tokens: whole blocks of a prompt are computed once for its samples; vLLM's 128 on a CPU is longer than many


@contextmanager
def start(checkpoint: Path, batch: int, dtype: str, config: VllmConfig) -> Iterator[Sampler]:
    """A vLLM sampler on the checkpoint folder for the block.

    Raises `UserError` where vLLM is not installed or the settings do not fit this machine, `StageFailure` where it does not
    start.
    """
    if find_spec("vllm") is None:
        raise UserError(
            "execution.engine: vllm is not installed in this environment. Use the GPU environment (`make env ENV=gpu`) or, "
            "on a CPU, the one for trying it (`make env-vllm`), or execution: {engine: transformers}."
        )
    import torch

    surroundings()
    gpu = torch.cuda.is_available()
    require_fitting(config, gpu)
    processes = int(os.environ["WORLD_SIZE"]) if "LOCAL_RANK" in os.environ else 1
    settings = engine_settings(batch, dtype, config, gpu, processes)
    if config.mode == "server":
        from openqwq.generate.vllm_server import serve

        with serve(checkpoint, batch, dtype, config, options(settings)) as sampler:
            yield sampler
    else:
        from openqwq.generate.vllm_engine import engine

        with engine(checkpoint, settings, config) as sampler:
            yield sampler


def require_fitting(config: VllmConfig, gpu: bool) -> None:
    """Raises `UserError` for settings that this machine would ignore."""
    share = config.gpu_memory_utilization != VllmConfig.model_fields["gpu_memory_utilization"].default
    for key, asked in (("sleep", config.sleep), ("devices", config.devices), ("gpu_memory_utilization", share)):
        if asked and not gpu:
            raise UserError(f"execution.vllm.{key}: there is no GPU here, so it would have no effect. Leave it out.")


def engine_settings(batch: int, dtype: str, config: VllmConfig, gpu: bool, processes: int) -> dict[str, Any]:
    """vLLM's engine arguments but for the model. Log-probabilities are those of what is drawn from: after the temperature.

    Raises `UserError` where the stage's processes cannot be dealt to engines.
    """
    size = config.tensor_parallel_size
    if processes > 1 and config.mode == "server":
        raise UserError("execution.vllm.mode: a server goes with one training process. Use mode colocate with several.")
    if processes > 1 and processes % size:
        raise UserError(
            f"execution.vllm.tensor_parallel_size: {processes} processes do not make engines of {size}. Give a divisor of them."
        )
    cache_gb = config.kv_cache_gb if gpu else config.kv_cache_gb or CPU_CACHE_GB
    return {
        "dtype": dtype,
        "max_num_seqs": batch,
        "tensor_parallel_size": size,
        "distributed_executor_backend": "external_launcher" if processes > 1 else None,  # the processes that there are
        "gpu_memory_utilization": config.gpu_memory_utilization,
        "kv_cache_memory_bytes": None if cache_gb is None else int(cache_gb * 2**30),
        "max_model_len": config.max_model_len,
        "enforce_eager": config.enforce_eager,
        "block_size": None if gpu else CPU_BLOCK,
        "enable_prefix_caching": True,
        "enable_sleep_mode": sleeps(config, gpu),
        "logprobs_mode": "processed_logprobs",
        "generation_config": "vllm",
        "use_tqdm_on_load": False,
    }


def sleeps(config: VllmConfig, gpu: bool) -> bool:
    """Whether the engine gives memory back between sampling phases."""
    return gpu and config.mode == "colocate" and config.sleep is not False


def options(settings: dict[str, Any]) -> list[str]:
    """The same for `vllm serve`: what is None or False stays vLLM's default."""
    given = []
    for key, value in settings.items():
        if value is not None and value is not False:
            given += [f"--{key.replace('_', '-')}", *([] if value is True else [str(value)])]
    return given


def surroundings() -> None:
    """vLLM's log lines and usage reports do not belong into a stage's log; what the user sets stands."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    # On a CPU, as many threads as the stage was given; vLLM itself would give each worker a NUMA node.
    os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", "nobind")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"vllm\.")
    logging.getLogger("torch._library.triton").setLevel(logging.ERROR)  # that there is no Triton on a CPU
