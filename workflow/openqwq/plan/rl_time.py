"""A batch of rollouts of an RL stage: sampling, training on it, and what lies between."""

from dataclasses import dataclass

from openqwq.plan import efficiency
from openqwq.plan.architecture import Architecture
from openqwq.plan.machine import Gpu
from openqwq.plan.sampling_time import Sampling, sampling
from openqwq.plan.training_time import Training, between, training


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """What a batch consists of. Tokens are means; `longest` is the bound on a completion."""

    generated: float  # completions
    trained: float  # of them
    prompt: float
    mean: float
    longest: float
    rounds: float = 1.0  # of sampling one after another
    updates: float = 1.0  # optimizer steps
    scored: float = 0.0  # forward passes without gradient: old policy, reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """How completions are drawn: engines over `size` GPUs each, `cache` bytes a GPU, at most `batch` completions at once.

    `count` of them on GPUs of their own; None: as many as the training GPUs make.
    """

    size: int
    cache: float
    batch: float = 1024
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Seconds of a batch in all, and its parts."""

    seconds: float
    drawing: Sampling
    training: Training
    flops: float

    @property
    def limit(self) -> str:
        """What most of the time goes to."""
        if self.drawing.seconds > self.training.seconds:
            return f"sampling: {self.drawing.limit}"
        return f"training: {self.training.limit}"


def batch(
    model: Architecture,
    gpu: Gpu,
    rollouts: Rollouts,
    engine: Engine,
    *,
    gpus: int,
    per_node: int,
    micro_tokens: float,
    checkpointing: bool,
    judge: Architecture | None = None,
) -> Batch:
    """Sampling and training take turns. `judge` is the reward model, which reads every completion once."""
    engines = engine.count or gpus / engine.size
    drawing = sampling(
        model,
        gpu,
        size=engine.size,
        per_node=per_node,
        completions=rollouts.generated / rollouts.rounds / engines,
        prompt=rollouts.prompt,
        mean=rollouts.mean,
        longest=rollouts.longest,
        cache=engine.cache,
        batch=engine.batch,
    )
    length = rollouts.prompt + rollouts.mean
    learning = training(
        model,
        gpu,
        gpus=gpus,
        per_node=per_node,
        tokens=rollouts.trained * length,
        length=length,
        micro_tokens=micro_tokens,
        checkpointing=checkpointing,
        scored=rollouts.scored,
        updates=rollouts.updates,
    )
    renewing = 2 * model.parameters / between(gpu, gpus, per_node)
    reading = rollouts.generated * length * judge.forward_flops(length / 2) if judge else 0.0
    judging = reading / gpus / (gpu.flops * efficiency.GEMM)
    drawn = Sampling(
        drawing.seconds * rollouts.rounds,
        drawing.steps * rollouts.rounds,
        drawing.places,
        drawing.flops * rollouts.rounds * engines,
        drawing.limit,
    )
    seconds = drawn.seconds + learning.seconds + renewing + judging + efficiency.STEP
    return Batch(seconds, drawn, learning, drawn.flops + learning.flops + reading)
