"""How stages, figures and numbers are called on the page."""

from openqwq.progress import clock

STAGES = {
    "base": "Base",
    "base_model": "Base model",
    "curate": "Curate",
    "coldstart": "Cold start",
    "profile": "Profile",
    "reason": "Reason",
    "reward_model": "Reward model",
    "general": "General",
    "evaluate": "Evaluate",
}
METRICS = {
    "loss": "Loss",
    "eval_loss": "Loss on held-out traces",
    "reward": "Mean reward",
    "entropy": "Entropy of the policy, nats a token",
    "kl": "KL to the first policy",
    "learning_rate": "Learning rate",
    "grad_norm": "Gradient norm",
    "zero_variance_share": "groups without variance",
    "truncated": "cut at the limit",
    "unscorable": "unscorable",
    "accuracy": "Accuracy",
    "token_accuracy": "Token accuracy",
    "margin": "Margin, chosen − rejected",
    "generated_tokens": "generated",
    "trained_tokens": "trained on",
    "live_groups": "groups trained on",
    "live_share": "completions trained on, of those configured",
    "shaped_groups": "of these, varying by shaping alone",
    "surplus_groups": "live groups left over",
    "generated_factor": "Groups generated, of those configured",
    "generated_completions": "generated",
    "trained_completions": "trained on",
    "retired_problems": "solved out",
    "backed_off_problems": "not solved",
    "generation_rounds": "rounds of generation",
    "mismatch_ratio/min": "lowest",
    "mismatch_ratio/mean": "mean",
    "mismatch_ratio/max": "highest",
    "mismatch_truncated": "mismatch weight capped",
    "clipped/low": "clipped below",
    "clipped/high": "clipped above",
    "watch/reward_model": "reward model",
    "watch/rules": "rules, same completions",
    "watch/length_taste": "Rank correlation of reward model's score and length",
    "watch/reward_model_change": "reward model",
    "watch/rules_change": "rules",
    "watch/length_growth": "length, of what it was",
    "padding_share": "Padding among computed positions",
    "tokens_a_second": "Tokens generated a second",
    "generation_seconds": "generation",
    "verification_seconds": "verification",
    "no_thinking": "no thinking",
    "several_boxes": "several boxes",
    "reference_copied": "reference copied",
    "special_cased": "tests special-cased",
    "disagreement": "math verdicts that math-verify contradicts",
}


def stage(name: str) -> str:
    """A stage's name for people."""
    return STAGES.get(name, name)


def metric(name: str) -> str:
    """A figure's name for people; unknown ones are shown as they are called."""
    return METRICS.get(name, name.replace("_", " "))


def percent(value: float | None, digits: int = 1) -> str:
    """A share as a percentage: `36.7 %`."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"


def points(value: float | None) -> str:
    """A difference of shares in percentage points, with its sign: `+3.2`."""
    if value is None:
        return "–"
    return f"{100 * value:+.1f}".replace("-", "−")


def chance(value: float | None) -> str:
    """A p-value to two digits: `0.041`, `<0.001`."""
    return "–" if value is None else "<0.001" if value < 0.001 else f"{value:.2g}"


def count(value: int | float | None) -> str:
    """A number with thin thousands separators."""
    return "–" if value is None else f"{value:,.0f}".replace(",", "\u202f")


def duration(seconds: float | None) -> str:
    """`42s`, `3m10s`, `2h05m`."""
    return "–" if seconds is None else clock(seconds)


def size(value: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def parameters(value: int) -> str:
    """A number of parameters: `134.5M`, `32.5B`."""
    if value >= 1e9:
        return f"{value / 1e9:.1f}B"
    return f"{value / 1e6:.1f}M" if value >= 1e6 else f"{value / 1e3:.0f}K"
