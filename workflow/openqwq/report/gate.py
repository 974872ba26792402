"""The gate beside its plan."""

from typing import Any

from openqwq.report.runfolder import Rows


def rows(gate: dict[str, Any] | None, plan: dict[str, Any] | None) -> Rows:
    """The gate's benchmarks, each with `plan`, its row of the plan or None; those only planned have no `verdict`."""
    planned = {row["benchmark"]: row for row in (plan or {}).get("benchmarks", [])}
    measured = {row["benchmark"]: row for row in (gate or {}).get("benchmarks", [])}
    names = list(dict.fromkeys([*measured, *planned]))
    return [{"benchmark": name, "verdict": None} | measured.get(name, {}) | {"plan": planned.get(name)} for name in names]
