"""Dr. GRPO (arXiv 2503.20783, section 3.2): a constant instead of lengths, and advantages without the group's deviation.

    L = − 1/(n · T) · Σ_i Σ_t min(r_it A_i, clip(r_it, 1 − ε_low, 1 + ε_high) A_i),   A_i = R_i − mean(R)

n completions are trained on and T is the longest completion that the stage ever allows: dividing by a completion's own
length would favour long wrong answers. T stays the same over length stages, so the gradient's scale does not jump. TRL's
`dr_grpo` divides by rows × T within each micro-batch; this N is the whole step's.
"""

from openqwq.train.losses.loss import Loss

DR_GRPO = Loss(
    surrogate="dapo",
    level="token",
    clip_low=0.2,
    clip_high=0.2,
    normaliser=lambda lengths, longest: float(len(lengths) * longest),
    factor=lambda _length: 1.0,
)
