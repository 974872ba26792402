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
from trl.trainer.utils import FusedCausalLMOutput

TILE = 64  # positions; × 49,152 tokens × 4 bytes = 12 MB
MOST = 2**30  # logits kept at a time, 2 GB in bfloat16; beyond, TRL's head computes them twice
SCALES = ("final_logit_softcapping", "logit_scale", "output_multiplier", "lm_head_multiplier", "logits_scaling")


class TokenFigures(torch.autograd.Function):
    """(hidden (N, D), weight (V, D), targets (N,), temperature) to log-probabilities and entropies (N,), float32.

    Gradients flow through the log-probabilities alone.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, temperature: float
    ) -> tuple[torch.Tensor, torch.Tensor]:
        kind = hidden.device.type
        dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype
        states, head = hidden.to(dtype), weight.to(dtype)
        logits = states @ head.t()
        norms, logps, entropies = (torch.empty(len(hidden), device=hidden.device) for _ in range(3))
        for at in range(0, len(hidden), TILE):
            tile = slice(at, at + TILE)
            z = logits[tile].float() / temperature
            logps[tile] = z.gather(1, targets[tile].unsqueeze(1)).squeeze(1)
            largest = z.amax(dim=1, keepdim=True)
            z -= largest
            p = z.exp()
            total = p.sum(dim=1)
            norms[tile] = largest.squeeze(1) + total.log()
            entropies[tile] = total.log() - z.mul_(p).sum(dim=1) / total
        ctx.save_for_backward(states, head, targets, norms)
        ctx.logits, ctx.temperature, ctx.dtypes = logits, temperature, (hidden.dtype, weight.dtype)
        ctx.mark_non_differentiable(entropies)
        return logps - norms, entropies

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor, _entropies: Any) -> tuple[torch.Tensor, torch.Tensor, None, None]:
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
    """Whether the model's figures can be had this way: on CPU, a plain head without bias or scaling, logits that fit."""
    config, head = model.config.get_text_config(), model.get_output_embeddings()
    plain = type(head) is torch.nn.Linear and head.bias is None and not any(getattr(config, name, None) for name in SCALES)
    return bool(plain and head.weight.device.type == "cpu" and positions * len(head.weight) <= MOST)


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
        hidden = self.base_model(*inputs, use_cache=False, **options).last_hidden_state[:, :-1]
        targets = scored[:, 1:]
        at = targets != -100
        logps, entropy = TokenFigures.apply(hidden[at], self.get_output_embeddings().weight, targets[at], temperature)
        return FusedCausalLMOutput(log_probs=logps, entropy=entropy)

    model.forward = types.MethodType(with_figures, model)
