"""CISPO (MiniMax-M1, arXiv 2506.13585, equations 4 and 5): the ratio's weight is capped, no token's gradient is dropped.

    L = − 1/Σ|o_i| · Σ_i Σ_t sg(min(r_it, 1 + ε_high)) A_i log π(o_it)

sg stops the gradient; there is no lower bound. The paper leaves ε_high open; a cap of 5 is ScaleRL's (arXiv 2510.13786).
"""

from openqwq.train.losses.loss import Loss

CISPO = Loss(
    surrogate="cispo",
    level="token",
    clip_low=None,
    clip_high=4.0,
    normaliser=lambda lengths, _longest: float(sum(lengths)),
    factor=lambda _length: 1.0,
)
