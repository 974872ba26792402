"""One row as lines for a person: prompt, tools, reference, what was written, how it was judged, and whatever else it holds."""

import json
from collections.abc import Iterator
from typing import Any

from openqwq.show.visible import wrapped

HEAD, TAIL = 1400, 600  # characters of a long text that are shown
INDENT = "  "
TITLE = ("id", "problem_id", "sample", "step", "source", "domain", "stage", "benchmark")
LONG = ("messages", "prompt", "tools", "reference", "turns", "completion", "text", "chosen", "rejected")
JUDGED = ("verdict", "score", "reason", "rewards", "reward")
JSON_TEXT = ("tools", "reference", "metadata", "row")


def title(row: dict[str, Any]) -> str:
    """What names the row."""
    return "  ".join(f"{key} {row[key]}" for key in TITLE if row.get(key) is not None)


def lines(row: dict[str, Any], width: int | None, full: bool) -> Iterator[tuple[str, list[str]]]:
    """Labels with their lines, in the order in which a person reads them. Nulls are left out."""
    kept = {key: value for key, value in row.items() if value is not None and key not in TITLE}
    for key in (*LONG, *JUDGED):
        if key in kept:
            yield key, _block(key, kept.pop(key), width, full)
    for key, value in kept.items():
        yield key, _block(key, value, width, full)


def _block(key: str, value: Any, width: int | None, full: bool) -> list[str]:
    if _is_turns(value):
        return [line for turn in value for line in _turn(turn, width, full)]
    if key in JSON_TEXT and isinstance(value, str):
        value = _parsed(value)
    if isinstance(value, list) and value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
        value = dict(value)  # a map column
    text = value if isinstance(value, str) else _pretty(value)
    return wrapped(text if full else _shortened(text), width, INDENT)


def _turn(turn: dict[str, Any], width: int | None, full: bool) -> list[str]:
    content = str(turn.get("content") or "")
    said = wrapped(content if full else _shortened(content), width, INDENT * 2)
    return [*wrapped(f"[{turn.get('role')}]", width, INDENT), *said]


def _is_turns(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(item, dict) and {"role", "content"} <= set(item) for item in value)
    )


def _parsed(text: str) -> Any:
    """The value of a JSON column, or the text as it is where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _pretty(value: Any) -> str:
    """Short values on one line, others as JSON with a line for each key."""
    if isinstance(value, float):
        return f"{value:.6g}"
    short = json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, dict) and len(short) > 100:
        parts = [
            f"{key}: {item if isinstance(item, str) else json.dumps(item, ensure_ascii=False, default=str)}"
            for key, item in value.items()
        ]
        return "\n".join(parts)
    return short


def _shortened(text: str) -> str:
    """The beginning and the end of a long text, and how much is left out between them."""
    if len(text) <= HEAD + TAIL + 100:
        return text
    return f"{text[:HEAD]}\n… {len(text) - HEAD - TAIL:,} characters left out (--full shows them) …\n{text[-TAIL:]}"
