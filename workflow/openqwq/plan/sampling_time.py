"""How long an engine takes to draw a batch of completions, and what limits it.

An engine decodes all completions side by side, one token of each a step. A step reads the weights once and the keys and
values of every completion, and multiplies; whichever is slower counts. Continuous batching keeps the places filled while
completions wait; then the batch thins out, and its end is that of the longest completion.

    steps = S · m / C + longest − m     S completions of m tokens on average in C places
"""

from dataclasses import dataclass

from openqwq.plan import efficiency
from openqwq.plan.architecture import Architecture
from openqwq.plan.machine import Gpu


@dataclass(frozen=True, slots=True)
class Sampling:
    """One engine's share of a batch. `seconds` in all; `limit` is what most of them go to."""

    seconds: float
    steps: float
    places: float  # completions decoded side by side
    flops: float
    limit: str


def sampling(
    model: Architecture,
    gpu: Gpu,
    *,
    size: int,
    per_node: int,
    completions: float,
    prompt: float,
    mean: float,
    longest: float,
    cache: float,
    batch: float,
) -> Sampling:
    """Of an engine over `size` GPUs (`per_node` of them in a node) with `cache` bytes a GPU for keys and values.

    `prompt`, `mean`, `longest` are tokens; `batch` is the most that are decoded together.
    """
    kv = model.kv_bytes() / size
    room = max(1.0, cache / (kv * (prompt + mean)))
    places = max(1.0, min(completions, batch, room))
    longest = max(longest, mean)
    steps = completions * mean / places + longest - mean
    alive = completions * mean / steps  # on average
    speed = gpu.bandwidth * efficiency.MEMORY
    reading = steps * 2 * model.read_parameters(alive) / size / speed
    attending = completions * mean * kv * (prompt + mean / 2) / speed
    per_token = model.forward_flops(prompt + mean / 2)
    flops = completions * (mean * per_token + prompt * model.forward_flops(prompt / 2))
    peak = gpu.flops * size * efficiency.GEMM_DECODE * (efficiency.MIXTURE if model.experts else 1.0)
    multiplying = flops / peak
    reduce = efficiency.REDUCE_NODE if size <= per_node else efficiency.REDUCE_NODES
    waiting = steps * (efficiency.KERNELS + (2 * model.layers * reduce if size > 1 else 0.0))
    parts = {"memory bandwidth": reading + attending, "compute": multiplying, "decoding steps": waiting}
    limit = max(parts, key=lambda name: parts[name])
    if places == room and completions > 1.5 * room:
        limit = "memory for keys and values"
    return Sampling(sum(parts.values()), steps, places, flops, limit)
