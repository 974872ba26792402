"""JSON lines: one object a line. Lines end at "\\n" alone: U+2028 and its kin are legal inside JSON strings."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openqwq.data.rows import Malformed
from openqwq.data.sources.formats.opening import opened

BOM = b"\xef\xbb\xbf"


def read(path: Path, mine: Iterator[bool]) -> Iterator[tuple[str, dict[str, Any] | Malformed] | None]:
    """Rows with file and line; blank lines are passed over."""
    with opened(path) as stream:
        for number, line in enumerate(stream, 1):
            text = line.removeprefix(BOM) if number == 1 else line
            if not text.strip():
                continue
            if next(mine):
                where = f"{path}, line {number}"
                yield where, parse(text, where)
            else:
                yield None


def parse(line: bytes, where: str) -> dict[str, Any] | Malformed:
    """One line's object, or what is wrong with it."""
    try:
        value = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 (byte {error.start + 1} of the line)"
    except json.JSONDecodeError as error:
        reason = f"not JSON ({error.msg} at column {error.colno})"
    except (RecursionError, ValueError) as error:  # nested too deep; a number of too many digits
        reason = f"not readable as JSON ({error})"
    else:
        if isinstance(value, dict):
            return value
        reason = f"a row is a JSON object, this is {type(value).__name__}"
    return Malformed(where, reason, line.decode("utf-8", "backslashreplace"))
