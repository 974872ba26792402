"""GSPO (arXiv 2507.18071, equations 5 and 7): one ratio and one weight for each completion.

    L = − 1/n · Σ_i min(s_i A_i, clip(s_i, 1 − ε_low, 1 + ε_high) A_i),   s_i = exp(1/|o_i| · Σ_t log r_it)

TRL's surrogate with sequence-level ratios counts a completion once for each of its tokens; a factor of 1/|o_i| on its
advantage makes that once. The clip range is the paper's (section 5.1): s_i is a geometric mean and stays near 1.
Weights of a mismatch correction enter as their mean over the completion.
"""

from openqwq.train.losses.loss import Loss

GSPO = Loss(
    surrogate="dapo",
    level="sequence",
    clip_low=3e-4,
    clip_high=4e-4,
    normaliser=lambda lengths, _longest: float(len(lengths)),
    factor=lambda length: 1.0 / max(length, 1),
)
