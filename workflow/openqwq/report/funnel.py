"""The data funnel: how many rows each curation step took in and let through, and why rows were dropped."""

from collections import Counter
from typing import Any

from openqwq.artifacts.schemas import CONTAMINATION, FUNNEL, REJECTED
from openqwq.report.runfolder import Rows, RunFolder

REASONS = 3  # shown beside each step's bar
LISTED = 12  # in the table; the rest are counted together, and are in rejected.parquet
ROLES = ("problems", "traces", "preferences")


def funnels(run: RunFolder) -> list[dict[str, Any]]:
    """One funnel a role: `steps` (name, rows in and out, share of the first, reasons of what was dropped) and `sources`.

    Of the reasons the commonest stand in `reasons`, and in `listed` so many that their counts and `other` add up to the rows that
    were rejected.
    """
    rows = run.rows("curate/funnel.parquet", FUNNEL)
    if rows is None:
        return []
    rejected = run.rows("curate/rejected.parquet", REJECTED, ["role", "step", "reason"]) or []
    roles = [role for role in ROLES if any(row["role"] == role for row in rows)]
    return [_funnel(role, [row for row in rows if row["role"] == role], rejected) for role in roles]


def _funnel(role: str, rows: Rows, rejected: Rows) -> dict[str, Any]:
    steps: dict[str, dict[str, Any]] = {}
    sources: dict[str, list[int]] = {}
    for row in rows:
        step = steps.setdefault(row["step"], {"name": row["step"], "rows_in": 0, "rows_out": 0})
        step["rows_in"] += row["rows_in"]
        step["rows_out"] += row["rows_out"]
        sources.setdefault(row["source"], [row["rows_in"], 0])[1] = row["rows_out"]
    first = max((step["rows_in"] for step in steps.values()), default=0) or 1
    for step in steps.values():
        reasons = Counter(short_reason(r["reason"]) for r in rejected if (r["role"], r["step"]) == (role, step["name"]))
        dropped = step["rows_in"] - step["rows_out"]
        step |= {
            "dropped": dropped,
            "held_out": dropped - reasons.total() if step["name"] == "split" else 0,
            "share": step["rows_out"] / first,
            "share_in": step["rows_in"] / first,
            "reasons": reasons.most_common(REASONS),
            "listed": (listed := reasons.most_common(LISTED)),
            "other": reasons.total() - sum(count for _, count in listed),
        }
    return {
        "role": role,
        "rows_in": sum(r[0] for r in sources.values()),
        "rows_out": sum(r[1] for r in sources.values()),
        "steps": list(steps.values()),
        "sources": [{"name": name, "rows_in": a, "rows_out": b} for name, (a, b) in sources.items()],
    }


def short_reason(reason: str) -> str:
    """What stands before a reason's first colon: its kind, the same for many rows."""
    return reason.split(": ")[0][:80]


def tables(manifest: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The curated tables with their rows, from the manifest."""
    outputs = (manifest or {}).get("outputs", {})
    return [{"name": name.removesuffix(".parquet"), "rows": out["rows"]} for name, out in outputs.items() if "rows" in out]


def contamination(run: RunFolder) -> list[dict[str, Any]]:
    """How many rows touched each benchmark, by rule."""
    rows = run.rows("curate/contamination.parquet", CONTAMINATION, ["benchmark", "rule"]) or []
    counts = Counter((row["benchmark"], row["rule"]) for row in rows)
    return [{"benchmark": benchmark, "rule": rule, "rows": n} for (benchmark, rule), n in sorted(counts.items())]
