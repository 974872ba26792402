"""Starts vLLM as `execution.vllm` says and releases it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from openqwq.config.vllm import VllmConfig
from openqwq.errors import UserError
from openqwq.generate import Sampler

CPU_CACHE_GB = 4.0


@contextmanager
def start(checkpoint: Path, batch: int, dtype: str, config: VllmConfig) -> Iterator[Sampler]:
    """A vLLM sampler on the checkpoint folder for the block.

    Raises `UserError` where vLLM is not installed or the settings do not fit this machine, `StageFailure` where it does not start.
    """
    if find_spec("vllm") is None:
        raise UserError(
            "execution.engine: vllm is not installed in this environment. Use the GPU environment (`make env ENV=gpu`) or, "
            "on a CPU, the one for trying it (`make env-vllm`), or execution: {engine: transformers}."
        )
    gpu = _has_gpu()
    require_fitting(config, gpu)
    settings = engine_settings(batch, dtype, config, gpu)
    if config.mode == "server":
        from openqwq.generate.vllm_server import serve

        with serve(checkpoint, batch, dtype, config, options(settings)) as sampler:
            yield sampler
    else:
        from openqwq.generate.vllm_engine import engine

        with engine(checkpoint, settings, config) as sampler:
            yield sampler
