"""Types as tool sets write them (`str, optional`, `List[int]`, `Tuple[float, float]`, `['string', 'null']`) in JSON Schema."""

import ast
from typing import Any

NAMES = {
    "str": "string",
    "string": "string",
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
    "list": "array",
    "array": "array",
    "tuple": "array",
    "dict": "object",
    "object": "object",
    "null": "null",
    "None": "null",
}


def schema(written: str) -> dict[str, Any]:
    """The schema of a type; empty, which is any value, for a type that JSON has not and for one that cannot be read."""
    text = written.partition(", optional")[0].strip()
    try:
        return _schema(ast.parse(text, mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}


def _schema(node: ast.expr) -> dict[str, Any]:
    name = node.id if isinstance(node, ast.Name) else node.value if isinstance(node, ast.Constant) else None
    if isinstance(name, str):
        known = NAMES.get(name, NAMES.get(name.lower()))
        return {} if known is None else {"type": known}
    if isinstance(node, ast.List):
        return _any_of(node.elts)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        outer = node.value.id.lower()
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        if outer == "list":
            return {"type": "array", "items": _schema(inner[0])}
        if outer == "tuple":
            return {"type": "array", "prefixItems": [_schema(part) for part in inner]}
        if outer == "dict":
            return {"type": "object"}
        if outer == "optional":
            return _schema(inner[0])
        if outer == "union":
            return _any_of(inner)
    return {}


def _any_of(parts: list[ast.expr]) -> dict[str, Any]:
    """One of several types; any value where one of them is not known."""
    made = [_schema(part) for part in parts]
    if not all(made):
        return {}
    if all(list(one) == ["type"] for one in made):
        return {"type": [one["type"] for one in made]}
    return {"anyOf": made}
