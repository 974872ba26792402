"""The curves of a stage, kept as one small parquet table beside the saves."""

import math
import time
from collections.abc import Sequence
from pathlib import Path

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import METRIC
from openqwq.train.trackers import Tracker


class MetricLog:
    """Collects metrics and writes them atomically at each `add`. Rows past the step resumed from are forgotten.

    `trackers` are told the same.
    """

    def __init__(self, path: Path, started: float, resumed_step: int, trackers: Sequence[Tracker] = ()) -> None:
        self.path, self.started, self.trackers = path, started, trackers
        rows = read_table(path, METRIC).to_pylist() if path.exists() else []
        self.rows = [row for row in rows if row["step"] <= resumed_step]

    def add(self, step: int, values: dict[str, float]) -> None:
        """Stores the finite values under their names at `step`."""
        seconds = time.time() - self.started
        finite = {name: float(value) for name, value in values.items() if math.isfinite(value)}
        self.rows += [{"step": step, "name": name, "value": value, "seconds": seconds} for name, value in finite.items()]
        write_table(self.path, self.rows, METRIC)
        for tracker in self.trackers:
            tracker.log(step, finite)
