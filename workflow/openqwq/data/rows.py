"""The row that all sources make and all steps pass on: a dict in the PROBLEM, TRACE or PREFERENCE shape."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]
Message = dict[str, str]
MAX_NESTING = 100  # lists and objects within one another; Python's JSON fails at a depth that depends on the caller's
RAW_LIMIT = 20_000  # characters of a dropped row that are kept
UNUSUAL_SEPARATORS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}  # JSON escapes: the value is unchanged


@dataclass(frozen=True, slots=True)
class Malformed:
    """A raw row that could not be read: where it stood, why, and its text."""

    where: str  # file and line, or row number
    reason: str
    raw: str
    kind: str = "malformed"  # what rejected rows are counted by: this, or the kind of fault of the gold


def to_json(value: Any) -> str:
    """JSON with sorted keys and no line separators, for the JSON columns.

    Raises `ValueError` for NaN and infinities, and for what is nested so deep that reading it again could fail.
    """
    if _deeper(value, MAX_NESTING):
        raise ValueError(f"nested more than {MAX_NESTING} deep")
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    for character, escape in UNUSUAL_SEPARATORS.items():
        text = text.replace(character, escape)
    return text


def _deeper(value: Any, limit: int) -> bool:
    """Whether lists and objects are nested in one another more than `limit` deep; without recursion."""
    level = [value]
    for _ in range(limit):
        inner = [list(item.values()) if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [item for items in inner for item in items]
        if not level:
            return False
    return any(isinstance(item, dict | list) for item in level)


def row_id(source: str, messages: list[Message], reference: str | None, answers: dict[str, Any]) -> str:
    """First 16 hex digits of the SHA-256 over source, prompt and reference, and over the answers of a trace or preference."""
    told = [source, messages, reference, answers] if answers else [source, messages, reference]
    text = json.dumps(told, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def make_row(
    source: str,
    domain: str,
    messages: list[Message],
    *,
    verifier: str | None = None,
    reference: dict[str, Any] | None = None,
    tools: list[Any] | None = None,
    metadata: dict[str, Any] | None = None,
    **more: Any,
) -> Row:
    """One row with its id and JSON columns; `more` holds `completion` and maybe `turns`, or `chosen` and `rejected`."""
    gold = None if reference is None else to_json(reference)
    return {
        "id": row_id(source, messages, gold, more),
        "source": source,
        "domain": domain,
        "messages": messages,
        "tools": None if tools is None else to_json(tools),
        "verifier": verifier,
        "reference": gold,
        "metadata": to_json(metadata or {}),
        **more,
    }


def prompt(text: str) -> list[Message]:
    """A single user message."""
    return [{"role": "user", "content": text}]


def reply(text: str) -> list[Message]:
    """A single assistant message."""
    return [{"role": "assistant", "content": text}]


def thought(steps: str, answer: str) -> str:
    """A completion in the project's form: thinking in tags on lines of their own, a blank line, the answer."""
    return f"<think>\n{steps}\n</think>\n\n{answer}"


def metadata_of(row: Row) -> dict[str, Any]:
    """The metadata column as a dict."""
    value = json.loads(row["metadata"]) if row["metadata"] else {}
    return value if isinstance(value, dict) else {}


def printable(text: str) -> str:
    """Text that can be stored as UTF-8: lone surrogates become escapes; cut at `RAW_LIMIT` characters."""
    return text[:RAW_LIMIT].encode("utf-8", "backslashreplace").decode("utf-8")


def as_text(row: Row) -> str:
    """A row as JSON for the table of dropped rows."""
    try:
        return printable(json.dumps(row, sort_keys=True, ensure_ascii=False, default=str))
    except (ValueError, TypeError, RecursionError) as error:
        return f"a row that cannot be shown ({error}); its columns: {printable(', '.join(map(str, row)))}"
