"""Models whose parameters are spread over processes (FSDP2, torch's `fully_shard`), and models that are not, handled alike.

A sharded parameter is a `DTensor`: each process holds a slice of its rows. What needs whole tensors (the sampler's weights, the
exported checkpoint) gathers them one by one, so that no process ever holds a second copy of the model. A training save is written
by all processes at once, each its own slices, and can be read by any other number of processes, one included
(`torch.distributed.checkpoint`). Every function is called by all processes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_state_dict, set_model_state_dict, set_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, MixedPrecisionPolicy, fully_shard
from torch.distributed.tensor import DTensor

from openqwq import ranks


def precision(compute: torch.dtype | None) -> MixedPrecisionPolicy:
    """Parameters as they are stored (float32 masters), computed with in `compute` (None: as stored).

    Gradients are summed over processes in float32. Outputs keep their dtype: they are log-probabilities, whose differences
    decide RL's ratios, and bfloat16 would round them to three digits.
    """
    return MixedPrecisionPolicy(param_dtype=compute, reduce_dtype=torch.float32)


def shard(model: nn.Module, compute: torch.dtype | None = None) -> nn.Module:
    """Spreads the main process's parameters over all processes, in place, decoder layer by decoder layer; returns the model.

    A layer is gathered when it computes and let go afterwards. Parameters on the CPU move to the GPU a layer at a time. What the
    other processes hold does not matter: loaded sparingly (`cpu_ram_efficient_loading`), it is zeros.
    """
    whole = model.state_dict() if ranks.main() else {}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    mesh = init_device_mesh(device, (ranks.count(),))
    layers = set(getattr(model, "_no_split_modules", None) or ())
    for module in list(model.modules()):
        if type(module).__name__ in layers:
            fully_shard(module, mesh=mesh, mp_policy=precision(compute))
    fully_shard(model, mesh=mesh, mp_policy=precision(compute))
    set_model_state_dict(model, whole, options=StateDictOptions(full_state_dict=True, broadcast_from_rank0=True))
    return model


def is_sharded(model: nn.Module) -> bool:
    """Whether the model's parameters are spread over processes."""
    return isinstance(model, FSDPModule)


def full_tensors(model: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Name and whole tensor of each entry of the state dict, one after the other; each is gathered when it is asked for.

    The sampler takes its weights from here, on every process.
    """
    for name, tensor in model.state_dict().items():
        yield name, tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def gather(model: nn.Module) -> dict[str, torch.Tensor]:
    """The state dict with whole tensors in CPU memory, in the main process; empty in the others.

    Parameters that share their storage (tied embeddings) share it here too, so that an export writes them once.
    """
    first: dict[int, str] = {}
    same_as = {name: first.setdefault(id(p), name) for name, p in model.named_parameters(remove_duplicate=False)}
    whole: dict[str, torch.Tensor] = {}
    for name, tensor in full_tensors(model):
        if ranks.main():
            whole[name] = whole[same_as[name]] if same_as.get(name, name) in whole else tensor.detach().cpu()
    return whole


def save(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Writes weights and optimizer state; every process its own slices."""
    weights, state = get_state_dict(model, _plain(optimizer))
    dcp.save({"model": weights, "optimizer": state}, checkpoint_id=folder)


def load(folder: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Reads what `save` wrote into model and optimizer, however each was spread and is spread now."""
    weights, state = get_state_dict(model, _plain(optimizer))
    both = {"model": weights, "optimizer": state}
    dcp.load(both, checkpoint_id=folder)
    set_state_dict(model, _plain(optimizer), model_state_dict=both["model"], optim_state_dict=both["optimizer"])


def _plain(optimizer: Any) -> torch.optim.Optimizer:
    """The optimizer itself, where accelerate has wrapped it."""
    return getattr(optimizer, "optimizer", optimizer)
