"""CSV with a header line. Every value is text; a `parse_json` in the mapping makes more of it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openqwq.data.rows import Malformed
from openqwq.data.sources.formats.opening import opened
from openqwq.errors import UserError

FIELD_LIMIT = 2**30  # characters; the csv module's own limit of 131,072 is below a long trace


def read(path: Path, mine: Iterator[bool]) -> Iterator[tuple[str, dict[str, Any] | Malformed] | None]:
    """Rows with file and the line on which each ends."""
    csv.field_size_limit(FIELD_LIMIT)
    with opened(path) as stream:
        # Bytes that are not UTF-8 pass as lone surrogates, so that one bad row costs one row.
        text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
        reader = csv.DictReader(text, strict=True)
        try:
            if reader.fieldnames is None:
                return
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                yield (where, _checked(row, where)) if next(mine) else None
        except csv.Error as error:
            raise UserError(f"{path}, line {reader.line_num}: not readable as CSV ({error}). Mend the quoting there.") from error


def _checked(row: dict[Any, Any], where: str) -> dict[str, Any] | Malformed:
    shown = repr(row)
    if None in row:
        return Malformed(where, "more fields than the header has", shown)
    if None in row.values():
        return Malformed(where, "fewer fields than the header has", shown)
    if any("\udc80" <= character <= "\udcff" for value in row.values() for character in value):
        return Malformed(where, "not UTF-8", shown)
    return row
