"""Drawing the next token: temperature, top-k, top-p, by inverse transform from one uniform number a token."""

import hashlib

import numpy as np
import torch

from openqwq.errors import StageFailure

BLOCK = 256  # tokens of the vocabulary summed together; the search for the token is first for its block


def uniforms(seed: int, prompt: str, sample: int, count: int) -> np.ndarray:
    """`count` uniform numbers in [0, 1) of one sequence, float64.

    They depend on the seed, the prompt and the sample's number alone: a completion is the same whatever batch it is
    drawn in, as far as the logits are.
    """
    digest = hashlib.sha256(f"{seed}\x00{sample}\x00{prompt}".encode()).digest()
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest[:16], "little"))).random(count)


def draw(
    logits: torch.Tensor, uniform: torch.Tensor, *, temperature: float, top_k: int, top_p: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Next token of each row, and its log-probability before top-k and top-p.

    `logits` is (B, V), `uniform` (B,) in [0, 1); returns (B,) token ids and (B,) natural logarithms, float32. Temperature
    first, then top-k, then top-p on what top-k left (the order of vLLM). `temperature` 0 takes the most likely token, and its
    log-probability is that at temperature 1; `top_k` 0 and `top_p` 1 are off. Raises `StageFailure` for logits that are no
    numbers.
    """
    logits = logits.float() if temperature in (0, 1) else logits.float() / temperature
    largest = logits.amax(dim=-1, keepdim=True)
    if not largest.isfinite().all():
        raise StageFailure(
            "the model's logits are no finite numbers, so nothing can be drawn from them: its weights or its arithmetic are "
            "broken. Look at the stage that trained it, and at execution.generation_dtype, then start again."
        )
    blocks = _in_blocks((logits - largest).exp_())  # weights in [0, 1], in proportion to the probabilities
    sums = blocks.sum(dim=-1).double()
    if temperature == 0:
        token = logits.argmax(dim=-1)
    elif top_k or top_p < 1:
        weights = blocks.flatten(1)[:, : logits.shape[-1]]
        kept, indices = torch.topk(weights, min(top_k or weights.shape[-1], weights.shape[-1]), dim=-1)
        if top_p < 1:  # rows are sorted here: drop a token when those before it already hold top_p
            shares = kept / kept.sum(dim=-1, keepdim=True)
            kept = kept.masked_fill(shares.cumsum(dim=-1) - shares >= top_p, 0.0)
        token = indices.gather(1, _inverse(kept.unsqueeze(1), kept.sum(dim=-1, keepdim=True).double(), uniform))
        token = token.squeeze(1)
    else:
        token = _inverse(blocks, sums, uniform).squeeze(1)
    chosen = logits.gather(1, token.unsqueeze(1)).squeeze(1)
    return token, chosen - largest.squeeze(1) - sums.sum(dim=-1).log().float()


def _in_blocks(weights: torch.Tensor) -> torch.Tensor:
    """(B, V) as (B, blocks, BLOCK), the last one filled up with zeros."""
    missing = -weights.shape[-1] % BLOCK
    padded = torch.nn.functional.pad(weights, (0, missing)) if missing else weights
    return padded.view(len(weights), -1, BLOCK)


def _inverse(blocks: torch.Tensor, sums: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """(B, 1) index of each row's first weight at which the running sum exceeds uniform × total.

    `blocks` is (B, N, n), `sums` (B, N) their sums in float64. The block is searched first, and only that one is summed along:
    a running sum of the whole vocabulary costs more than the softmax.
    """
    ends = sums.cumsum(dim=-1)
    target = uniform.double().unsqueeze(1) * ends[:, -1:]
    block = _first_above(ends, target)
    before = ends.gather(1, block) - sums.gather(1, block)
    within = blocks[torch.arange(len(blocks), device=blocks.device), block.squeeze(1)].double().cumsum(dim=-1)
    return block * blocks.shape[-1] + _first_above(within, (target - before).clamp(min=0))


def _first_above(cumulative: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """(B, 1) index of the first entry above the target, which rounding may carry to the total: then the last that adds any."""
    last = torch.searchsorted(cumulative, cumulative[:, -1:].contiguous())
    return torch.minimum(torch.searchsorted(cumulative, target, right=True), last)
