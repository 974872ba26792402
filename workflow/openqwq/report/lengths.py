"""The length-bias meter: is what RL trains on longer or shorter than what the policy writes?

Groups without variance are left out of training. If they are the short ones, the policy is taught on longer completions than
it writes, and its lengths may grow for that reason alone.
"""

from typing import Any

from openqwq.report import charts, words
from openqwq.report.runfolder import Rows

TITLE = "Length generated and trained on, tokens: median, 10 to 90 %"
KINDS = {"generated_length": "generated", "trained_length": "trained on"}
FIGURES = ("p10", "p50", "p90", "mean")


def panel(rows: Rows) -> list[dict[str, Any]]:
    """One chart of both distributions over steps, from a stage's `METRIC` rows; none where they are missing."""
    values = {(row["step"], row["name"]): row["value"] for row in rows}
    made = []
    for kind, name in KINDS.items():
        steps = charts.thin([(row["step"], row["value"]) for row in rows if row["name"] == f"{kind}/p50"])
        made += [{"step": step, "name": name} | {f: values.get((step, f"{kind}/{f}")) for f in FIGURES} for step, _ in steps]
    return [{"title": TITLE, "spec": charts.bands(made)}] if made else []


def facts(rows: Rows) -> list[tuple[str, str]]:
    """What a stage generated for what it trained on, over all its steps."""
    total: dict[str, float] = {}
    for row in rows:
        total[row["name"]] = total.get(row["name"], 0.0) + (row["value"] or 0.0)
    if not total.get("trained_completions"):
        return []
    steps = sum(row["name"] == "live_share" for row in rows)
    lengths = [total[f"{kind}_tokens"] / total[f"{kind}_completions"] for kind in ("generated", "trained")]
    return [
        ("live completions a step", words.percent(total["live_share"] / steps)),
        (
            "generated for what is trained on",
            f"{total['generated_completions'] / total['trained_completions']:.2f} × completions",
        ),
        ("mean length, generated and trained on", f"{lengths[0]:.1f} and {lengths[1]:.1f} tokens"),
    ]
