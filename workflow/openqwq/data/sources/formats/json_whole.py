"""A JSON file as a whole: an array of objects. A file of JSON lines that is merely named `.json` is read as such."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openqwq.data.rows import Malformed
from openqwq.data.sources.formats import json_lines
from openqwq.data.sources.formats.opening import opened
from openqwq.errors import UserError


def read(path: Path, mine: Iterator[bool]) -> Iterator[tuple[str, dict[str, Any] | Malformed] | None]:
    """Rows with file and number, from 1. The array is held in memory: for large data use jsonl or parquet."""
    with opened(path) as stream:
        content = stream.read().removeprefix(json_lines.BOM)
    if not content.lstrip().startswith(b"["):
        yield from json_lines.read(path, mine)
        return
    try:
        values = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # not UTF-8, not JSON, a number of too many digits, nested too deep
        raise UserError(
            f"{path}: not readable as one JSON array ({error}). Mend it, or convert it to jsonl, where one bad row costs one row."
        ) from error
    for number, value in enumerate(values, 1):
        if not next(mine):
            yield None
            continue
        where = f"{path}, row {number}"
        if isinstance(value, dict):
            yield where, value
        else:
            reason = f"a row is a JSON object, this is {type(value).__name__}"
            yield where, Malformed(where, reason, json.dumps(value))
