"""Rollouts as the tensors that TRL's loss reads."""

from collections.abc import Sequence

import torch

from openqwq.train.rollouts import Rollout

Batch = dict[str, torch.Tensor]


def tensors(
    rollouts: Sequence[Rollout],
    prompts: dict[str, list[int]],
    logprobs: list[list[float]] | None,
    padding: int,
    device: torch.device,
) -> Batch:
    """Prompts padded on the left and completions on the right, (B, P) and (B, C), with masks; advantages (B,).

    `tool_mask` (B, C), TRL's name, is 0 where the policy reads what it did not write: tool results, and what the template
    puts around turns. It is there when a completion has such tokens.
    `sampling_per_token_logps` (B, C) holds the sampler's `logprobs` where they are given, zero beyond a completion's end.
    """
    before = [prompts[r.prompt] for r in rollouts]
    completions = [r.sample.token_ids for r in rollouts]
    left, right = max(map(len, before)), max(map(len, completions))
    batch = {
        "prompt_ids": torch.tensor([[padding] * (left - len(p)) + p for p in before], device=device),
        "prompt_mask": torch.tensor([[0] * (left - len(p)) + [1] * len(p) for p in before], device=device),
        "completion_ids": torch.tensor([c + [padding] * (right - len(c)) for c in completions], device=device),
        "completion_mask": torch.tensor([[1] * len(c) + [0] * (right - len(c)) for c in completions], device=device),
        "advantages": torch.tensor([r.advantage for r in rollouts], dtype=torch.float32, device=device),
    }
    if any(r.mask is not None for r in rollouts):
        written = [list(map(int, r.written)) for r in rollouts]
        batch["tool_mask"] = torch.tensor([row + [0] * (right - len(row)) for row in written], device=device)
    if logprobs is not None:
        rows = [values + [0.0] * (right - len(values)) for values in logprobs]
        batch["sampling_per_token_logps"] = torch.tensor(rows, dtype=torch.float32, device=device)
    return batch


def empty(padding: int, device: torch.device) -> Batch:
    """One row whose completion the mask hides: a gradient of zeros, next to no work."""
    tokens = torch.full((1, 3), padding, device=device)
    return {
        "prompt_ids": tokens[:, :2],
        "prompt_mask": torch.ones_like(tokens[:, :2]),
        "completion_ids": tokens[:, 2:],
        "completion_mask": torch.zeros_like(tokens[:, 2:]),
        "advantages": torch.zeros(1, device=device),
    }
