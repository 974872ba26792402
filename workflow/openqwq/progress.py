"""Progress for people: one line a step on standard error, and `progress.json` for `openqwq status`."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from openqwq import ranks
from openqwq.artifacts.files import write_json
from openqwq.slurm import this_job

WITHIN_SECONDS = 10.0


class Progress:
    """Reports `step` of `steps` with a few named values, the rate and the time left.

    `path` may be None (no file). Lines are printed at most every `every` seconds, the last one always.
    """

    def __init__(self, stage: str, path: Path | None, *, fingerprint: str = "", every: float = 2.0) -> None:
        self.stage, self.path, self.fingerprint, self.every = stage, path, fingerprint, every
        self.started = time.time()
        self.first: tuple[str, int, float] | None = None  # phase, step and time at which the rate is measured from
        self.printed = 0.0

    def say(self, text: str) -> None:
        """One line that is not a step. Of several processes only the main one speaks."""
        if ranks.main():
            tell(f"[{self.stage}] {text}")

    def within(self, text: str) -> None:
        """One line on what happens within a step, where the last line is a while ago."""
        if time.time() - self.printed >= WITHIN_SECONDS:
            self.printed = time.time()
            self.say(text)

    def update(self, phase: str, step: int, steps: int, **values: float) -> None:
        """`step` of `steps` of a phase is done; `values` are shown and stored."""
        now = time.time()
        if self.first is None or self.first[0] != phase or step < self.first[1]:
            self.first = (phase, step, now)
        done, elapsed = step - self.first[1], now - self.first[2]
        rate = done / elapsed if done > 0 and elapsed > 0 else None
        left = (steps - step) / rate if rate else None
        if now - self.printed >= self.every or step >= steps:
            self.printed = now
            shown = "".join(f"  {name} {_short(value)}" for name, value in values.items())
            eta = "" if left is None or step >= steps else f"  {clock(left)} left"
            self.say(f"{phase} {step}/{steps}{shown}{eta}")
        self._write("running", phase, step, steps, values, rate, left)

    def finish(self, state: str) -> None:
        """Marks the stage `done`, `interrupted` or `failed`."""
        previous = read_progress(self.path) if self.path else None
        if self.path:
            write_json(self.path, (previous or self._head()) | {"state": state, "updated": time.time(), "left": None})

    def _head(self) -> dict[str, Any]:
        head = {"stage": self.stage, "fingerprint": self.fingerprint, "pid": os.getpid(), "started": self.started}
        return head | ({"job": this_job()} if this_job() else {})

    def _write(
        self,
        state: str,
        phase: str,
        step: int,
        steps: int,
        values: dict[str, float],
        rate: float | None,
        left: float | None,
    ) -> None:
        if self.path:
            finite = {k: v for k, v in values.items() if v == v and abs(v) != float("inf")}
            body = {
                "state": state,
                "phase": phase,
                "step": step,
                "steps": steps,
                "values": finite,
                "rate": rate,
                "left": left,
            }
            write_json(self.path, self._head() | body | {"updated": time.time()})


def tell(line: str) -> None:
    """A line on standard error. Where its reader is gone (a closed terminal, a killed `tee`), later lines go nowhere."""
    try:
        print(line, file=sys.stderr, flush=True)
    except BrokenPipeError:  # a signal to the group ends `tee` too, and the stage must still save
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def read_progress(path: Path) -> dict[str, Any] | None:
    """The stored progress, or None where there is none yet, or none that can be read."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) and {"started", "updated"} <= value.keys() else None


def clock(seconds: float) -> str:
    """Seconds for people: `42s`, `3m10s`, `2h05m`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    return f"{whole // 3600}h{whole % 3600 // 60:02d}m"


def _short(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.3g}"
