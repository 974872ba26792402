"""Memory of each GPU, in bytes by what takes it: while training with FSDP2, and while sampling.

FSDP2 spreads weights, gradients and moments over all GPUs of a stage; what a pass needs is on each of them. The engine sleeps
while the policy trains, and takes its share of each GPU (`gpu_memory_utilization`) while it samples.
"""

from openqwq.config import Execution
from openqwq.config.vllm import VllmConfig
from openqwq.plan.architecture import Architecture

TILE = 1024  # positions whose logits exist at a time, in float32
ENGINE = 2e9  # bytes of vLLM beside weights and cache: its graphs, and the activations of a prompt

Parts = dict[str, float]


def training(
    model: Architecture,
    *,
    gpus: int,
    micro_tokens: float,
    checkpointing: bool,
    reference: bool = False,
    judge: Architecture | None = None,
    scores: bool = False,
) -> Parts:
    """While each of `gpus` runs forward and backward over `micro_tokens`; `scores`: no logits, a reward model."""
    parts = states(model, gpus=gpus, reference=reference, judge=judge)
    layer = model.layer_parameters(model.experts)
    kept = model.kept_bytes("bfloat16")
    if checkpointing:
        inputs = model.layers * model.hidden * 2
        # One layer at a time is computed again, with the gradients of its widest tensors.
        activations = inputs + kept + 4 * model.wide + 6 * model.hidden
    else:
        activations = model.layers * kept
    parts |= {
        "gradients": 4 * model.parameters / gpus,
        "gathered": 2 * 2 * layer,  # the layer at work and the next, bfloat16
        "activations": activations * micro_tokens,
    }
    if not scores:
        parts["output matrix"] = 8 * model.embedding_parameters  # with its gradient, in bfloat16 and to be summed in float32
        parts["logits"] = 2 * 4 * TILE * model.vocabulary
    return parts


def states(model: Architecture, *, gpus: int, reference: bool, judge: Architecture | None) -> Parts:
    """What stays on each GPU between two batches."""
    parts = {"weights": 4 * model.parameters / gpus, "optimizer": 8 * model.parameters / gpus}
    if reference:
        parts["reference"] = 4 * model.parameters / gpus
    if judge:
        parts["reward model"] = 2 * judge.parameters / gpus
    return parts


def cache(model: Architecture, memory: float, vllm: VllmConfig) -> float:
    """Bytes of each GPU for keys and values; below 0 where the weights alone are too large for the engine's share."""
    if vllm.kv_cache_gb is not None:
        return vllm.kv_cache_gb * 2**30
    return memory * vllm.gpu_memory_utilization - 2 * model.parameters / vllm.tensor_parallel_size - ENGINE


def kept_by_sampler(model: Architecture, memory: float, execution: Execution) -> Parts:
    """What the sampler keeps on a training GPU while the policy trains: nothing where the engine sleeps, or has its own GPUs."""
    if execution.engine == "transformers":
        return {"sampler's weights": 2 * model.parameters}
    if execution.vllm.mode == "colocate" and execution.vllm.sleep is False:
        return {"engine, awake": memory * execution.vllm.gpu_memory_utilization}
    return {}


def sampling_vllm(model: Architecture, memory: float, vllm: VllmConfig, resident: Parts) -> Parts:
    """While the engine samples beside what training keeps on the GPU."""
    room = cache(model, memory, vllm)
    return resident | {
        "engine's weights": 2 * model.parameters / vllm.tensor_parallel_size,
        "engine": ENGINE,
        "keys and values": max(0.0, room),
    }


def sampling_whole(model: Architecture, tokens: float, places: float, resident: Parts) -> Parts:
    """While transformers samples: all weights on every GPU, and `places` completions of `tokens` tokens with their prompts."""
    return resident | {
        "sampler's weights": 2 * model.parameters,
        "keys and values": places * tokens * model.kv_bytes(),
        "logits": 3 * 4 * places * model.vocabulary,
    }
