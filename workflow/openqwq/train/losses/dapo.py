"""DAPO's token-level loss with clip-higher (arXiv 2503.14476, equation 8).

    L = − 1/Σ|o_i| · Σ_i Σ_t min(r_it A_i, clip(r_it, 1 − ε_low, 1 + ε_high) A_i)

Each token weighs the same, so a long completion is not diluted. ε_high > ε_low leaves unlikely tokens room to rise.
"""

from openqwq.train.losses.loss import Loss

DAPO = Loss(
    surrogate="dapo",
    level="token",
    clip_low=0.2,
    clip_high=0.28,
    normaliser=lambda lengths, _longest: float(sum(lengths)),
    factor=lambda _length: 1.0,
)
