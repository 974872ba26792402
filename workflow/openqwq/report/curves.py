"""A stage's metrics grouped into charts. Names that are not known get a chart of their own."""

from typing import Any

from openqwq.report import charts, lengths, words
from openqwq.report.runfolder import Rows

# Title, the names in it; a name ending in * stands for all that begin so. First match wins, order is that of the page.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Mean reward", ("reward",)),
    ("Reward by name", ("reward/*",)),
    ("Loss", ("loss", "eval_loss")),
    ("Accuracy", ("accuracy", "eval_accuracy", "token_accuracy")),
    ("Shares of completions and groups", ("zero_variance_share", "live_share", "truncated", "unscorable")),
    ("Suspicious traits among correct completions", ("suspicious/*",)),
    ("Reward model's score and rules' score", ("watch/reward_model", "watch/rules")),
    ("Change over the watch's window", ("watch/reward_model_change", "watch/rules_change", "watch/length_growth")),
    ("Mismatch of sampler and trainer, ratio of probabilities", ("mismatch_ratio/*",)),
    ("Tokens beyond a bound of the ratio", ("mismatch_truncated", "clipped/*")),
    ("Tokens a step", ("generated_tokens", "trained_tokens")),
    ("Completions a step", ("generated_completions", "trained_completions")),
    ("Groups and rounds a step", ("live_groups", "shaped_groups", "surplus_groups", "generation_rounds")),
    ("Problems that rest", ("retired_problems", "backed_off_problems")),
    ("Seconds a step", ("generation_seconds", "verification_seconds")),
)
TOKENS_A_SECOND = "tokens_a_second"
LAST = ("learning_rate", "grad_norm")  # of interest to few
SHARES = {
    "Accuracy",
    "Shares of completions and groups",
    "Suspicious traits among correct completions",
    "Tokens beyond a bound of the ratio",
    "Padding among computed positions",
}

Series = dict[str, list[tuple[int, float]]]


def curves(rows: Rows) -> tuple[list[dict[str, Any]], list[tuple[str, float]]]:
    """Charts of a stage's `METRIC` rows, each with `title` and Vega-Lite `spec`; and figures that never change, as values."""
    by_name: Series = {}
    for row in rows:
        if row["value"] is not None and row["name"].split("/")[0] not in lengths.KINDS:
            by_name.setdefault(row["name"], []).append((row["step"], row["value"]))
    made = throughput(by_name)
    if made:
        by_name[TOKENS_A_SECOND] = made
    charted, constant = [], []
    for title, names in grouped(list(by_name)):
        series = {label(name): by_name[name] for name in names}
        if all(len(points) > 1 and len({value for _, value in points}) == 1 for points in series.values()):
            constant += [(words.metric(name), by_name[name][0][1]) for name in names]
        else:
            charted.append({"title": title[:1].upper() + title[1:], "spec": charts.lines(series, percent=title in SHARES)})
    return charted + lengths.panel(rows), constant


def throughput(by_name: Series) -> list[tuple[int, float]]:
    """Tokens that a step generated, a second of generation; none where a stage does not generate."""
    seconds = dict(by_name.get("generation_seconds", []))
    return [(step, tokens / seconds[step]) for step, tokens in by_name.get("generated_tokens", []) if seconds.get(step)]


def grouped(names: list[str]) -> list[tuple[str, list[str]]]:
    """The names sorted into charts, each in exactly one."""
    left = sorted(names)
    made = []
    for title, patterns in GROUPS:
        taken = [name for pattern in patterns for name in left if _matches(name, pattern)]
        left = [name for name in left if name not in taken]
        if taken:
            made.append((title, taken))
    alone = sorted(left, key=lambda name: (name in LAST, name))
    return made + [(words.metric(name), [name]) for name in alone]


def label(name: str) -> str:
    """What a series is called in its chart's legend."""
    return words.metric(name.removeprefix("reward/").removeprefix("suspicious/"))


def _matches(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def first_and_last(rows: Rows, name: str) -> tuple[float, float] | None:
    """The first and last value of a figure."""
    values = [row["value"] for row in sorted(rows, key=lambda r: r["step"]) if row["name"] == name and row["value"] is not None]
    return (values[0], values[-1]) if values else None
