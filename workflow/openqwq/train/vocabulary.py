"""Log-probabilities and entropies of tokens from hidden states, on CPU: only where a token is scored, in few passes.

Logits are the widest tensor of a training step: N scored positions × V tokens of the vocabulary. TRL's fused head keeps none
of them and computes them again for the gradient, in float32, of prompts and padding too unless it runs on a GPU. On a CPU that
takes longer than all layers of a small model. Here they are kept once, in the dtype of the product (bfloat16 under
autocast), worked on in tiles that the caches hold, and turned in place into their own gradient.

    log p_t = z_t − log Σ exp z      ∂ log p_t / ∂ z_j = 1[j = t] − p_j      H = log Σ exp z − Σ p z
"""

import functools
import types
from typing import Any

import torch
from torch.distributed.tensor import DTensor
from trl.trainer.utils import FusedCausalLMOutput

TILE = 64  # positions; × 49,152 tokens × 4 bytes = 12 MB
MOST = 2**30  # logits kept at a time, 2 GB in bfloat16; beyond, TRL's head computes them twice
SCALES = ("final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier", "logits_scaling")


class TokenFigures(torch.autograd.Function):
    """(hidden (N, D), weight (V, D), targets (N,), temperature) to log-probabilities, entropies and hits, each (N,).

    The first two are float32; a hit is a target that no token is likelier than. Gradients flow through the log-probabilities.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, temperature: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        kind = hidden.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype
        states, head = hidden.to(dtype), weight.to(dtype)
        logits = states @ head.t()
        norms, logps, entropies = (torch.empty(len(hidden), device=hidden.device) for _ in range(3))
        hits = torch.empty(len(hidden), dtype=torch.bool, device=hidden.device)
        for at in range(0, len(hidden), TILE):
            tile = slice(at, at + TILE)
            z = logits[tile].float() / temperature
            logps[tile] = z.gather(1, targets[tile].unsqueeze(1)).squeeze(1)
            largest = z.amax(dim=1, keepdim=True)
            hits[tile] = logps[tile] >= largest.squeeze(1)
            z -= largest
            p = z.exp()
            total = p.sum(dim=1)
            norms[tile] = largest.squeeze(1) + total.log()
            entropies[tile] = total.log() - z.mul_(p).sum(dim=1) / total
        ctx.save_for_backward(states, head, targets, norms)
        ctx.logits, ctx.temperature, ctx.dtypes = logits, temperature, (hidden.dtype, weight.dtype)
        ctx.mark_non_differentiable(entropies, hits)
        return logps - norms, entropies, hits

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor, _entropies: Any, _hits: Any) -> tuple[torch.Tensor, torch.Tensor, None, None]:
        states, head, targets, norms = ctx.saved_tensors
        logits, gradient = ctx.logits, gradient.float() / ctx.temperature
        for at in range(0, len(targets), TILE):
            tile = slice(at, at + TILE)
            p = logits[tile].float().div_(ctx.temperature).sub_(norms[tile].unsqueeze(1)).exp_()
            own = gradient[tile].unsqueeze(1)
            p.mul_(-own).scatter_add_(1, targets[tile].unsqueeze(1), own)
            logits[tile] = p
        ctx.logits = None
        return (logits @ head).to(ctx.dtypes[0]), (logits.t() @ states).to(ctx.dtypes[1]), None, None


def fits(model: Any, positions: int) -> bool:
    """Whether the model's figures can be had this way: on CPU, a plain whole head without bias or scaling, logits that fit."""
    config, head = model.config.get_text_config(), model.get_output_embeddings()
    plain = type(head) is torch.nn.Linear and head.bias is None and not any(getattr(config, name, None) for name in SCALES)
    whole = plain and not isinstance(head.weight, DTensor)
    return bool(whole and head.weight.device.type == "cpu" and positions * len(head.weight) <= MOST)


def add_token_figures(model: Any) -> None:
    """Lets `model(..., scored=labels, temperature=t)` return the figures of the scored tokens only.

    `labels` is (R, L), −100 where nothing is scored; log_probs and entropy are (N,), of the others in row-major order.
    """
    forward = model.forward

    @functools.wraps(type(model).forward)
    def with_figures(
        self: Any, *inputs: Any, scored: torch.Tensor | None = None, temperature: float = 1.0, **options: Any
    ) -> Any:
        if scored is None:
            return forward(*inputs, **options)
        (logps, entropy, _), _ = _figures(self, inputs, options, scored, temperature)
        return FusedCausalLMOutput(log_probs=logps, entropy=entropy)

    model.forward = types.MethodType(with_figures, model)


def replace_fused_head(model: Any) -> None:
    """Has TRL's `model(..., labels=labels, fused_lm_head=True)` compute the scored tokens only, wherever that can be.

    For a model that TRL's SFTTrainer has given its head, which on a CPU runs over prompts and padding as well.
    """
    forward = model.forward

    @functools.wraps(type(model).forward)
    def with_head(self: Any, *inputs: Any, labels: Any = None, fused_lm_head: bool = False, **options: Any) -> Any:
        if labels is None or not fused_lm_head or not fits(self, int((labels[:, 1:] != -100).sum())):
            return forward(*inputs, labels=labels, fused_lm_head=fused_lm_head, **options)
        unused = ("use_cache", "num_items_in_batch")
        figures, at = _figures(self, inputs, {k: v for k, v in options.items() if k not in unused}, labels, 1.0)
        logps, entropy, hits = (one.new_zeros(at.shape).masked_scatter(at, one) for one in figures)
        return FusedCausalLMOutput(log_probs=logps, entropy=entropy, is_top1=hits, label_mask=at)

    model.forward = types.MethodType(with_head, model)


def _figures(
    model: Any, inputs: tuple[Any, ...], options: dict[str, Any], labels: torch.Tensor, temperature: float
) -> tuple[tuple[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]:
    """What `TokenFigures` gives, and where in the labels but their first column the tokens stand: bool (R, L - 1)."""
    hidden = model.base_model(*inputs, use_cache=False, **options).last_hidden_state[:, :-1]
    targets = labels[:, 1:]
    at = targets != -100
    return TokenFigures.apply(hidden[at], model.get_output_embeddings().weight, targets[at], temperature), at
