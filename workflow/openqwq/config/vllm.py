"""The vLLM engine's settings."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from openqwq.config.base import Positive, Rate, Strict


class VllmConfig(Strict):
    """How vLLM runs, for `engine: vllm`. The names are vLLM's own where it has one (docs/rl.md, Engines).

    In mode `colocate` the engine lives in the stage's process, on the GPUs that also train, and gives their memory back between
    two sampling phases (`sleep`). In mode `server` it is `vllm serve`, a child of the stage on GPUs of its own.
    """

    mode: Literal["colocate", "server"] = "colocate"
    tensor_parallel_size: Positive = 1  # devices that share one copy of the weights; in training, it divides execution.processes
    gpu_memory_utilization: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5  # of a GPU; what training keeps there needs the rest
    kv_cache_gb: Rate | None = None  # memory of keys and values; nothing: what gpu_memory_utilization leaves (CPU: 4)
    max_model_len: Positive | None = None  # tokens of a prompt and its completion; nothing: the model's own limit
    sleep: bool | None = None  # give the GPU's memory back while the policy trains; nothing: yes on a GPU in mode colocate
    enforce_eager: bool = False  # no graph capture or compilation: starts sooner, decodes slower
    devices: str | None = None  # mode server: its CUDA_VISIBLE_DEVICES, such as "6,7"
    start_seconds: Positive = 1800  # mode server: how long it may take to load

    @model_validator(mode="after")
    def _modes(self) -> Self:
        if self.mode == "colocate":
            for key in sorted({"devices", "start_seconds"} & self.model_fields_set):
                if getattr(self, key) != type(self).model_fields[key].default:
                    raise ValueError(f"{key} belongs to mode server; in mode colocate the engine runs on the stage's own devices")
        elif self.sleep:
            raise ValueError("sleep belongs to mode colocate; a server keeps its own GPUs")
        if (
            self.kv_cache_gb is not None
            and self.gpu_memory_utilization != type(self).model_fields["gpu_memory_utilization"].default
        ):
            raise ValueError("gpu_memory_utilization: kv_cache_gb decides alone how much memory is taken; give one of them")
        return self
