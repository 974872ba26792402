"""How hard each problem is for the policy as it now stands: which problems rest, and how the others are weighted.

Everything follows from the profile and from the rollouts of the steps before, which lie on disk, so a resumed stage rebuilds
it and needs no state of its own. Only a few numbers a problem are held.

- A problem's weight is its learnability p · (1 − p), the variance of its outcome (sampling for learnability,
  arXiv 2502.12272). p is the mean score with one success and one failure added, so no problem's weight is zero and unknown
  ones are preferred; older groups count half as much with each newer one, because the policy moves.
- A problem whose group had no variance rests: retired if all were correct, backed off otherwise. It rests for `rest` steps,
  twice as long each time it happens again in a row, and then comes back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from openqwq.artifacts.streams import batches
from openqwq.errors import StageFailure
from openqwq.train.advantages import is_live

COLUMNS = ["problem_id", "verdict", "score", "reward"]
DECAY = 0.5  # of what was seen before, at each new group of a problem
RECENT = 3  # steps whose share of live groups is expected of the next

Counts = Mapping[str, tuple[float, float]]  # successes and how many were judged, by problem


@dataclass(slots=True)
class _Record:
    solved: float
    judged: float
    last: int = 0  # the step that drew it last
    until: int = 0  # rests up to this step
    streak: int = 0  # groups without variance in a row: positive when solved out, negative when not


class Difficulty:
    """Of problems by id. `profile` holds what was known before the stage; `rest` is in steps, 0 for never."""

    def __init__(self, profile: Counts, rest: int) -> None:
        self.rest, self.step = rest, 0
        self.records = {identifier: _Record(*counts) for identifier, counts in profile.items()}
        self.shares: list[tuple[int, int]] = []  # groups made and live ones, of the last steps

    @classmethod
    def after(cls, steps: range, folder: Path, profile: Counts, rest: int) -> "Difficulty":
        """As it stands after `steps`, from their tables. Raises `StageFailure` where one is missing."""
        made = cls(profile, rest)
        for step in steps:
            path = folder / f"step-{step:05d}.parquet"
            if not path.is_file():
                raise StageFailure(
                    f"{path}: the rollouts of step {step} are missing, and the problems of later steps depend on them. Put the "
                    "file back, or delete the stage's state folder and start again."
                )
            made.observe(step, (row for piece in batches(path, COLUMNS) for row in piece.to_pylist()))
        return made

    def observe(self, step: int, rows: Iterable[dict[str, Any]]) -> None:
        """Takes in the `ROLLOUT` rows of `step`; those of a problem stand together."""
        made = live = 0
        for identifier, members in groupby(rows, key=lambda row: row["problem_id"]):
            group = list(members)
            made += 1
            live += self._observe(step, self.records.setdefault(identifier, _Record(0.0, 0.0)), group)
        self.shares = [*self.shares, (made, live)][-RECENT:]
        self.step = step

    def _observe(self, step: int, record: _Record, group: list[dict[str, Any]]) -> bool:
        scores = [row["score"] for row in group if row["score"] is not None]
        record.solved = DECAY * record.solved + sum(scores)
        record.judged = DECAY * record.judged + len(scores)
        record.last = step
        if is_live([row["reward"] for row in group]):
            record.streak = record.until = 0
            return True
        kind = 1 if scores and all(row["verdict"] in ("correct", "unscorable") for row in group) else -1
        record.streak = record.streak + kind if record.streak * kind > 0 else kind
        record.until = step + self.rest * 2 ** (abs(record.streak) - 1)
        return False

    def weight(self, identifier: str) -> float:
        """How much a problem is preferred in a draw: in (0, 0.25]."""
        record = self.records.get(identifier)
        p = (record.solved + 1) / (record.judged + 2) if record else 0.5
        return p * (1 - p)

    def rests(self, identifier: str, step: int) -> bool:
        """Whether a problem is set aside at `step`."""
        record = self.records.get(identifier)
        return record is not None and step <= record.until

    def last(self, identifier: str) -> int:
        """The step that drew a problem last, 0 for none."""
        record = self.records.get(identifier)
        return record.last if record else 0

    def resting(self, step: int) -> tuple[int, int]:
        """How many problems are retired, and how many backed off, at `step`."""
        away = [record for record in self.records.values() if step <= record.until]
        retired = sum(record.streak > 0 for record in away)
        return retired, len(away) - retired

    def expected_share(self, made: int, live: int) -> float:
        """Of groups drawn next, the share that will be live: as in the last steps and, so far, in this one.

        One live group is added, so it is never 0, and 1 where nothing is known.
        """
        return (sum(live for _, live in self.shares) + live + 1) / (sum(made for made, _ in self.shares) + made + 1)
