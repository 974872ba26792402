"""Are the arguments of a call those of its tool's schema? Also what no tool should have to expect is refused here."""

from typing import Any

MAX_TEXT = 20_000  # characters of one text
MAX_INTEGER = 10**15
MAX_ITEMS = 200  # of a list or an object
MAX_DEPTH = 20  # of lists and objects within each other

_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "string": ("text", (str,)),
    "integer": ("a whole number", (int,)),
    "number": ("a number", (int, float)),
    "boolean": ("true or false", (bool,)),
    "array": ("a list", (list,)),
    "object": ("an object", (dict,)),
    "null": ("null", (type(None),)),
}


def fault(function: dict[str, Any], arguments: dict[str, Any], typed: bool = True) -> str | None:
    """What is wrong with the arguments, in words that say how to mend it, or None. `function` is a schema's.

    `typed`: whether a value of another type is wrong; else the tool has to say so.
    """
    name, parameters = function["name"], function["parameters"]
    known, required = parameters.get("properties", {}), parameters.get("required", [])
    takes = f"{name} takes {', '.join(map(repr, known)) or 'no arguments'}"
    for given in arguments:
        if given not in known:
            return f"unknown argument {given[:80]!r}: {takes}."
    for needed in required:
        if needed not in arguments:
            return f"the argument {needed!r} is missing: {takes}."
    for given, value in arguments.items():
        why = f"is nested more than {MAX_DEPTH} deep" if _too_deep(value) else _amiss(known[given] if typed else {}, value)
        if why:
            return f"the argument {given!r} {why}."
    return None


def is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: JSON may hold halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _amiss(schema: dict[str, Any], value: Any) -> str | None:
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if schema.get("nullable") and value is None:
        return None
    if kinds and not any(_is(kind, value) for kind in kinds):
        return f"must be {' or '.join(_KINDS[kind][0] for kind in kinds)}, not {_said(value)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(map(str, schema['enum']))}, not {_said(value)}"
    return _beyond(schema, value)


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, _KINDS[kind][1]) and (kind == "boolean" or not isinstance(value, bool))


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            item for one in level for item in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        ]
    return bool(level)


def _beyond(schema: dict[str, Any], value: Any) -> str | None:
    """Values of the right type that are beyond all use."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            return f"is too long: {len(value)} characters, at most {MAX_TEXT}"
        if "\x00" in value or not is_text(value):
            return "holds characters that are no text"
    elif isinstance(value, int | float):
        if not abs(value) <= MAX_INTEGER:  # nor is NaN; an integer may be beyond every float
            return f"is too large: at most {MAX_INTEGER}"
    elif isinstance(value, list | dict):
        if len(value) > MAX_ITEMS:
            return f"has too many items: {len(value)}, at most {MAX_ITEMS}"
        if isinstance(value, list):
            found = (_amiss(schema.get("items", {}), item) for item in value)
        else:
            found = (_amiss(schema.get("properties", {}).get(key, {}), item) for key, item in value.items())
        why = next((one for one in found if one), None)
        return why and f"has an item that {why}"
    return None


def _said(value: Any) -> str:
    for kind, (words, types) in _KINDS.items():
        if isinstance(value, types) and _is(kind, value):
            return f"{words} ({value!r:.60})" if isinstance(value, str | int | float) else words
    return type(value).__name__
