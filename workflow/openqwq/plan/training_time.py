"""How long forward and backward passes over tokens take, and what limits them.

A forward pass costs 2 operations a parameter and token (and attention), a backward pass twice as many; checkpointing repeats the
forward pass. Between products, norms and activations go through memory: what a layer keeps, written and read. FSDP2
gathers the parameters for every pass and scatters the gradients, while it computes: the slower of the two counts.
"""

from dataclasses import dataclass

from openqwq.plan import efficiency
from openqwq.plan.architecture import Architecture
from openqwq.plan.machine import Gpu


@dataclass(frozen=True, slots=True)
class Training:
    """`seconds` of passes over some tokens; `flops` of all GPUs; `limit` is what they go to."""

    seconds: float
    flops: float
    limit: str


def training(
    model: Architecture,
    gpu: Gpu,
    *,
    gpus: int,
    per_node: int,
    tokens: float,
    length: float,
    micro_tokens: float,
    checkpointing: bool,
    scored: float = 0.0,
    updates: float = 1.0,
) -> Training:
    """Training on `tokens`, in sequences of `length`, over `gpus`; `scored` more forward passes over them without gradient.

    `micro_tokens` are those of a GPU's forward pass, `updates` the optimizer steps.
    """
    passes = 3.0 + checkpointing + scored
    flops = tokens * passes * model.forward_flops(length / 2)
    mixture = efficiency.MIXTURE if model.experts else 1.0
    computing = flops / gpus / (gpu.flops * efficiency.GEMM * mixture)
    traffic = tokens / gpus * passes * model.layers * 2 * model.kept_bytes("bfloat16")
    moving = traffic / (gpu.bandwidth * efficiency.MEMORY)
    micro_batches = max(updates, tokens / gpus / micro_tokens)
    # Forward and backward pass gather 2 bytes a parameter each; gradients are scattered in float32.
    gathered = micro_batches * model.parameters * (2 * (2.0 + scored) + 4)
    exchanging = gathered / between(gpu, gpus, per_node) if gpus > 1 else 0.0
    # The optimizer reads and writes weights, gradients and two moments.
    stepping = updates * 28 * model.parameters / gpus / (gpu.bandwidth * efficiency.MEMORY)
    parts = {"compute": computing, "memory bandwidth": moving + stepping, "network": exchanging}
    busy = computing + moving
    return Training(max(busy, exchanging) + stepping, flops, max(parts, key=lambda name: parts[name]))


def between(gpu: Gpu, gpus: int, per_node: int) -> float:
    """Bytes a second at which each GPU receives what all others hold."""
    link = gpu.link * efficiency.LINK
    return link if gpus <= per_node else min(link, efficiency.NETWORK)
