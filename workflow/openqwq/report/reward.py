"""The reward model's section: what its held-out accuracy is made of, and what something simpler would reach."""

from typing import Any

from openqwq.report import charts
from openqwq.report.runfolder import Rows, RunFolder

CHART = "reward_model-calibration"


def section(run: RunFolder) -> dict[str, Any] | None:
    """`rows` (what, n, value, low, high, length), `calibration` and `spec` of its chart; None where the stage did not run."""
    found = run.json("reward_model/accuracy.json")
    if not found or "baselines" not in found:
        return None
    baselines, control, calibration = found["baselines"], found.get("control"), found["calibration"]
    rule = baselines["length"]
    rows: Rows = [{"what": "the reward model", **found, "length": rule["value"]}]
    rows += [{"what": f"on pairs of {row['source']}", **row} for row in found["by_source"] if len(found["by_source"]) > 1]
    rows += [{"what": _length(row["chosen"]), **row} for row in found["by_length"]]
    if even := found.get("balanced"):
        rows.append({"what": "where as many chosen are longer as shorter", **even})
    rows.append({"what": "preferring the longer", **baselines["longer"]})
    rows.append({"what": f"by length alone, as training pairs suggest: the {rule['rule']}", **rule})
    if control:
        rows.append({"what": f"control: trained on shuffled labels, {control['steps']} steps", **control})
    shown = ("what", "n", "value", "low", "high", "length")
    return {
        "rows": [{key: row.get(key) for key in shown} for row in rows],
        "calibration": calibration,
        "spec": charts.calibration(calibration["cells"]),
    }


def _length(chosen: str) -> str:
    return "where both are about as long" if chosen == "equal" else f"where the chosen one is {chosen}"
