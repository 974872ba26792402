"""The entropy watch: a policy that has settled on few continuations explores no more, and clip-higher comes too late.

DAPO (arXiv 2503.14476, section 3.1) describes the collapse; what it looks like in figures is a mean token entropy near zero.
"""

import statistics
from pathlib import Path

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import METRIC
from openqwq.errors import StageFailure

WINDOW = 5  # steps whose mean is held against the bound


def hold_entropy(metrics: Path, step: int, bound: float) -> None:
    """Raises `StageFailure` when the mean entropy of the `WINDOW` steps up to `step`, in nats a token, is below `bound`.

    It is read from the stored curves, so a resumed stage judges as one that ran through. Fewer steps are not judged.
    """
    if bound == 0 or not metrics.is_file():
        return
    rows = [row for row in read_table(metrics, METRIC).to_pylist() if row["name"] == "entropy" and row["step"] <= step]
    last = sorted(rows, key=lambda row: row["step"])[-WINDOW:]
    if len(last) < WINDOW:
        return
    mean = statistics.fmean(row["value"] for row in last)
    if mean < bound:
        raise StageFailure(
            f"steps {last[0]['step']} to {last[-1]['step']}: the policy's mean entropy is {mean:.3g} nats a token, "
            f"execution.bounds.entropy wants {bound:g}: it explores no more. Train anew with a higher temperature, a higher "
            "clip_high, a KL term or a smaller learning rate; or lower the bound and start the stage again: it resumes."
        )
