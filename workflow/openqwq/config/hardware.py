"""What a run is carried out on, for `openqwq plan` and for whoever asks a scheduler for it. No part of a fingerprint."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from openqwq.config.base import Positive, Rate, Share, Strict

GpuName = Literal["A100", "A800", "H20", "H100", "H200", "H800", "B200"]


class Nodes(Strict):
    """On how many nodes each stage runs. Sampling of traces and each shard of profile and evaluation are one engine: one node."""

    coldstart: Positive = 1
    reason: Positive = 1
    reward_model: Positive = 1
    general: Positive = 1


class Hardware(Strict):
    """The machine. A `gpu` by name brings its memory and speeds; what is given beside it goes before. Without one: a CPU."""

    gpu: GpuName | None = None  # with 80 GB, or the usual size of its kind; nothing: no GPU, or one that is given in figures
    memory_gb: Rate | None = None  # 10⁹ bytes, of a GPU; without a GPU, of the machine
    tflops: Rate | None = None  # 10¹² operations a second in bfloat16, dense, at best
    bandwidth_gb: Rate | None = None  # 10⁹ bytes a second, of the GPU's memory
    gpus_per_node: Positive = 8
    nodes: Nodes = Nodes()

    @model_validator(mode="after")
    def _figures(self) -> Self:
        speeds = (self.tflops, self.bandwidth_gb)
        if self.gpu is None and any(speeds) and not all((*speeds, self.memory_gb)):
            raise ValueError("a GPU without a name is given by memory_gb, tflops and bandwidth_gb, all three")
        return self

    def has_gpu(self) -> bool:
        """Whether there is a GPU."""
        return self.gpu is not None or self.tflops is not None


class Lengths(Strict):
    """Tokens of completions, where the expected ones are known; nothing: `completion_share` of the longest allowed."""

    profile: Positive | None = None
    reason: Positive | None = None
    general: Positive | None = None
    evaluate: Positive | None = None
    coldstart: Positive | None = None  # of a whole trace
    reward_model: Positive | None = None  # of one side of a pair


class Rows(Strict):
    """Rows to train on, where the sources' `limit` and `size` do not tell."""

    traces: Positive | None = None
    preferences: Positive | None = None


class PlanConfig(Strict):
    """What a plan has to assume, because only the run itself will show it. Changes nothing of the run."""

    completion_share: Annotated[Share, Field(gt=0.0)] = 0.4  # mean length of completions, of the longest allowed
    mean_tokens: Lengths = Lengths()
    longest_tokens: Lengths = Lengths()  # of rows to train on or to draw; nothing: as long as allowed. They decide the memory
    prompt_tokens: Positive = 200  # of a problem, on average
    live_share: Annotated[Share, Field(gt=0.0)] = 0.6  # of the groups generated, those whose rewards vary
    rows: Rows = Rows()
