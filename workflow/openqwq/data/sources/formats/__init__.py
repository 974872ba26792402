"""File formats: each reader yields (where it stood, raw row or `Malformed`), or None for a row that is another shard's.

A reader takes the path and an iterator that says for each row in turn whether it is wanted; one that is not is only counted.
Adding a format is a file and a line here.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from openqwq.data.rows import Malformed
from openqwq.data.sources.formats import delimited, json_lines, json_whole, parquet
from openqwq.errors import UserError

Placed = tuple[str, dict[str, Any] | Malformed]
Reader = Callable[[Path, Iterator[bool]], Iterator[Placed | None]]

READERS: dict[str, Reader] = {
    "jsonl": json_lines.read,
    "json": json_whole.read,
    "csv": delimited.read,
    "parquet": parquet.read,
}
ENDINGS = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".parquet": "parquet"}


def reader(path: Path, chosen: str, key: str) -> Reader:
    """The reader for a file: the one `chosen` in the config, or by the file's ending (before `.gz`)."""
    if chosen == "auto":
        suffixes = [suffix.lower() for suffix in path.suffixes]
        ending = next((s for s in reversed(suffixes) if s != ".gz"), "")
        if ending not in ENDINGS:
            raise UserError(
                f"{path}: the ending does not tell the format. Set {key}.format to one of {', '.join(READERS)}, "
                f"or rename the file to end in {', '.join(ENDINGS)} (optionally .gz)."
            )
        chosen = ENDINGS[ending]
    return READERS[chosen]
