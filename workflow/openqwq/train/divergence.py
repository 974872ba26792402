"""Divergence: a loss, a gradient or a weight that is no finite number any more ends the stage, before anything of it is saved.

Stock training goes on: the loss filter of transformers shows the mean of former losses instead, clipping makes every gradient
NaN, Adam every weight, and what is published looks like a finished model.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from accelerate.utils import gather_object
from torch.distributed.tensor import DTensor

from openqwq.errors import StageFailure

NAMES = {"loss": "loss", "grad_norm": "gradient's norm", "eval_loss": "loss on the held-out rows"}


def hold_figures(stage: str, step: int, figures: Mapping[str, Any], saved_step: int) -> None:
    """Raises `StageFailure` where a figure of optimizer step `step` is NaN or infinite; `saved_step` is that of the last save."""
    broken = [f"{what} is {figures[name]}" for name, what in NAMES.items() if not math.isfinite(figures.get(name, 0.0))]
    if broken:
        raise StageFailure(_message(stage, step, f"the {' and the '.join(broken)}", saved_step))


def hold_weights(stage: str, step: int, model: torch.nn.Module, saved_step: int) -> None:
    """Likewise for the weights after `step`. All processes call it: each looks at what it holds, and all end."""
    found = next((name for name, p in model.named_parameters() if not _finite(p.detach())), "")
    broken = next(filter(None, gather_object([found])), "")
    if broken:
        raise StageFailure(_message(stage, step, f"the weights are no finite numbers any more ({broken})", saved_step))


def _finite(weights: torch.Tensor) -> bool:
    own = weights.to_local() if isinstance(weights, DTensor) else weights
    return bool(own.isfinite().all())


def _message(stage: str, step: int, what: str, saved_step: int) -> str:
    kept = f"The save of step {saved_step} is kept" if saved_step else "Nothing of it was saved"
    return (
        f"{stage}: training diverged at step {step}: {what}. {kept}, nothing is published. The same configuration would end here "
        "again: train anew with a lower optimizer.learning_rate, more warmup_steps, a smaller max_grad_norm or autocast: none. "
        "Where the machine is to blame, start the stage again: it goes on from what is saved."
    )
