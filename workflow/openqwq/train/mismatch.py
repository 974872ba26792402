"""Corrects for a sampler whose probabilities are not the trainer's.

Completions are drawn in bfloat16, by another engine, with other kernels: the policy that wrote them is not quite the one
whose gradient is taken. Truncated importance sampling weighs each token by how much likelier the trainer finds it,

    w_t = min(π_train(o_t) / π_sampler(o_t), cap)

(Yao et al. 2025, *Your Efficient RL Framework Secretly Brings You Off-Policy RL Training*; TRL calls it `token_truncate`).
A sum of log-ratios over a completion, TRL's default, would mask long ones. The weights multiply the advantages,
which TRL takes by token too; being positive, they commute with the minimum of a clipped loss.
"""

from collections.abc import Sequence

import torch

from openqwq.errors import StageFailure, UserError
from openqwq.train.rollouts import Rollout


def ratios(trained: torch.Tensor, sampled: torch.Tensor) -> torch.Tensor:
    """π_train / π_sampler of each token, from log-probabilities of equal shape; no gradient."""
    return torch.exp(trained.detach() - sampled)


def sampler_logprobs(rollouts: Sequence[Rollout], wanted: bool) -> list[list[float]] | None:
    """The sampler's log-probabilities of each completion's tokens; None where it gave none and none are `wanted`.

    Raises `UserError` where they are wanted and missing, and `StageFailure` where they are no finite numbers.
    """
    if any(len(r.sample.logprobs) != len(r.sample.token_ids) for r in rollouts):
        if wanted:
            raise UserError(
                "mismatch_correction: the sampler gives no log-probability of each token. Take an engine that does "
                "(execution.engine: transformers or vllm), or say mismatch_correction: none."
            )
        return None
    if not all(torch.tensor(r.sample.logprobs).isfinite().all() for r in rollouts):
        raise StageFailure(
            "the sampler's log-probabilities are not all finite numbers: its weights or its arithmetic are broken. Look at "
            "execution.engine and execution.generation_dtype, then start the stage again: it resumes."
        )
    return [r.sample.logprobs for r in rollouts]
