"""Where rows come from. One file (or folder) a source type, and one line in the registry."""

from collections.abc import Callable, Iterator
from typing import Any

from openqwq.config.curate import Source
from openqwq.data.rows import Malformed, Row
from openqwq.data.sources import builtin, file, hub, reasoning_gym
from openqwq.data.sources.reading import Reading

# type in the config -> (source, seed, what is read of it) -> at most `limit` rows in order, None for one that is not read. The
# seed is the run's; sources derive their own from it.
REGISTRY: dict[str, Callable[[Any, int, Reading], Iterator[Row | Malformed | None]]] = {
    "builtin": builtin.rows,
    "file": file.rows,
    "hub": hub.rows,
    "reasoning_gym": reasoning_gym.rows,
}


def stream(source: Source, seed: int, max_malformed: float, reading: Reading) -> Iterator[tuple[int, Row | Malformed]]:
    """The rows of one source that `reading` asks for with their numbers (from 0), and among them raw rows that cannot be used.

    Rows whose gold is missing or has the wrong shape are among the latter. `reading` is filled. Raises `UserError`, after the
    last row, where their share is above the source's own `max_malformed`, or this one where it has none, where a mapped column
    is in no row, or where there is nothing at all; of a part of the rows only what is certain, the rest is for all together.
    """
    for number, row in enumerate(REGISTRY[source.type](source, seed, reading)):
        reading.total = number + 1
        if row is None:
            continue
        reading.rows += 1
        if isinstance(row, Malformed):
            reading.unusable(number, row)
        yield number, row
    reading.check(source, max_malformed)


def read(source: Source, seed: int, max_malformed: float) -> tuple[list[Row], list[Malformed]]:
    """All rows of `stream`, taken apart into the rows and the raw rows that could not be read."""
    rows: list[Row] = []
    malformed: list[Malformed] = []
    for _, row in stream(source, seed, max_malformed, Reading()):
        if isinstance(row, Malformed):
            malformed.append(row)
        else:
            rows.append(row)
    return rows, malformed
