"""The samples that an attempt has drawn, in its private state, so that a killed one loses no more than the chunk it was at.

    samples/<benchmark>/000000-000064.parquet   drawn together: all samples of these problems (a chunk)
    samples/<benchmark>.parquet                 the whole benchmark, with verdicts; takes the place of the chunks

Beside each table stands a JSON file with the seconds that drawing took, written first: a table that is there is whole.
A chunk is what one call of the sampler draws of a benchmark. Which sequences are computed side by side can move the last
bits of a logit, so what one call drew is there as a whole, or is drawn again: a kill does not change how the samples are
cut into chunks. Where `execution` has changed in between, the chunks to come are cut otherwise; those that are there stay.
"""

import json
import shutil
from pathlib import Path

from openqwq.artifacts.files import read_table, write_json, write_table
from openqwq.artifacts.schemas import COMPLETION
from openqwq.evaluate.samples import Rows


class Kept:
    """The samples of one benchmark below `folder`."""

    def __init__(self, folder: Path, benchmark: str) -> None:
        self.path, self.chunks = folder / f"{benchmark}.parquet", folder / benchmark

    @property
    def whole(self) -> bool:
        """Whether every sample is drawn."""
        return self.path.is_file()

    def drawn(self) -> int:
        """How many problems, from the first, are drawn; the next chunk begins there."""
        return int(self._chunks()[-1].stem.split("-")[1]) if self._chunks() else 0

    def add(self, start: int, stop: int, rows: Rows, seconds: float) -> None:
        """Keeps the samples of the problems `start` … `stop` − 1."""
        _write(self.chunks / f"{start:06d}-{stop:06d}.parquet", rows, seconds)

    def close(self) -> None:
        """Puts the chunks together."""
        chunks = self._chunks()
        rows = [row for chunk in chunks for row in read_table(chunk, COMPLETION).to_pylist()]
        self.write(rows, sum(map(_seconds, chunks)))
        shutil.rmtree(self.chunks, ignore_errors=True)

    def write(self, rows: Rows, seconds: float | None = None) -> None:
        """Keeps the whole benchmark; without `seconds`, drawing took what it took before."""
        _write(self.path, rows, self.seconds() if seconds is None else seconds)

    def begin_again(self) -> None:
        """Drops the chunks."""
        shutil.rmtree(self.chunks, ignore_errors=True)

    def forget(self) -> None:
        """Drops the whole benchmark, to be drawn again."""
        self.path.unlink()

    def rows(self) -> Rows:
        rows: Rows = read_table(self.path, COMPLETION).to_pylist()
        return rows

    def seconds(self) -> float:
        """What drawing the whole benchmark took."""
        return _seconds(self.path)

    def _chunks(self) -> list[Path]:
        return sorted(self.chunks.glob("*.parquet"))


def _write(path: Path, rows: Rows, seconds: float) -> None:
    write_json(path.with_suffix(".json"), {"seconds": round(seconds, 2)})
    write_table(path, rows, COMPLETION)


def _seconds(path: Path) -> float:
    return float(json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["seconds"])
