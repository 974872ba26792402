"""The gate beside its plan, and the model that it lets the run end with."""

from typing import Any

from openqwq.report.runfolder import Rows


def rows(gate: dict[str, Any] | None, plan: dict[str, Any] | None) -> Rows:
    """The gate's benchmarks, each with `plan`, its row of the plan or None; those only planned have no `verdict`."""
    planned = {row["benchmark"]: row for row in (plan or {}).get("benchmarks", [])}
    measured = {row["benchmark"]: row for row in (gate or {}).get("benchmarks", [])}
    names = list(dict.fromkeys([*measured, *planned]))
    return [{"benchmark": name, "verdict": None} | measured.get(name, {}) | {"plan": planned.get(name)} for name in names]


def final(decided: dict[str, Any] | None, gate: dict[str, Any] | None, on_fail: str | None) -> dict[str, Any] | None:
    """What the run ends with; None where that was decided from another verdict, or for another `on_fail` of a failed gate.

    Under `stop` the page is made before the decision, so one of an earlier configuration may still lie there.
    """
    if decided is None or gate is None or decided["verdict"] != gate["verdict"]:
        return None
    return None if gate["verdict"] == "fail" and on_fail not in (None, decided["on_fail"]) else decided
