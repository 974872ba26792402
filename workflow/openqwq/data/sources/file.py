"""Local files: jsonl, json, csv or parquet, plain or gzipped, one path or a glob, relative to the working directory."""

import glob
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from openqwq.config.curate import FileSource
from openqwq.data.rows import Malformed, Row, as_text
from openqwq.data.sources.formats import reader
from openqwq.data.sources.mapping import Mapping
from openqwq.data.sources.reading import Reading
from openqwq.data.sources.unreadable import Unreadable
from openqwq.errors import UserError


def rows(source: FileSource, seed: int, reading: Reading) -> Iterator[Row | Malformed | None]:  # noqa: ARG001  no randomness
    """The mapped rows of all files, in the order of their names, None for those of other shards.

    Raises `UserError` for a missing or unreadable file.
    """
    key = f"curate.sources.{source.name}"
    mapping = Mapping(source)
    mine = reading.mine()
    found = chain.from_iterable(reader(path, source.format, key)(path, mine) for path in _paths(source.path, key))
    for placed in islice(found, source.limit):
        if placed is None:
            yield None
            continue
        where, raw = placed
        if isinstance(raw, Malformed):
            yield raw
            continue
        try:
            yield mapping.row(raw)
        except Unreadable as error:
            yield Malformed(where, str(error), as_text(raw), error.kind)
    reading.unseen, reading.offered = mapping.unseen, mapping.offered


def _paths(pattern: str, key: str) -> list[Path]:
    if Path(pattern).is_file():  # also names that happen to hold a `[` or a `*`
        return [Path(pattern)]
    found = [Path(path) for path in sorted(glob.glob(pattern, recursive=True)) if Path(path).is_file()]
    if not found:
        raise UserError(
            f"{key}.path: no file matches {pattern!r} (looked from {Path.cwd()}). Put the file there or correct the path."
        )
    return found
