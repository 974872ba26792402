"""The reference of all configuration keys as Markdown, made from the models themselves.

`python -m openqwq.config.reference PATH` writes it; a test fails when config/README.md differs from `markdown()`.
"""

import ast
import inspect
import io
import re
import sys
import textwrap
import tokenize
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from openqwq.artifacts.files import replacing
from openqwq.config import RunConfig
from openqwq.config.base import Slug, Strict

HEAD = """\
# Configuration

<!-- Made from the models in workflow/openqwq/config by `make config-reference`; do not edit. -->

One YAML file is one run. `config/demo.yaml` is the laptop's, `config/qwq-32b.yaml` the cluster's, `config/tiny.yaml` the
tests'. Unknown keys are errors, and so are numbers written as text. A key without a default must be given.

    make demo ARGS="--configfile config/my.yaml"        # another file
    make demo ARGS="--config run=second seed=7"         # single values on the command line, beside the first run

Everything that a file holds decides the result and is part of the fingerprint of the stages that read it, except
`results`, `report`, `execution`, `hardware` and `plan`.
"""

SLUG = TypeAdapter(Slug).json_schema()["pattern"]


def markdown() -> str:
    """The whole reference, ending with a newline."""
    schema = RunConfig.model_json_schema()
    definitions: dict[str, Any] = schema["$defs"] | {"RunConfig": schema}
    models = {model.__name__: model for model in _models(Strict)}
    order = _reachable("RunConfig", definitions)
    sections = [_section(name, definitions[name], models[name], definitions) for name in order]
    return "\n".join([HEAD, *sections])


def _models(base: type[Strict]) -> list[type[Strict]]:
    return [model for child in base.__subclasses__() for model in (child, *_models(child))]


def _reachable(name: str, definitions: dict[str, Any]) -> list[str]:
    """Definition names in the order in which a reader of the file meets them, each once."""
    seen = [name]
    for current in seen:  # grows while it is walked
        refs = re.findall(r"'#/\$defs/(\w+)'", str(definitions[current].get("properties", {})))
        seen += [ref for ref in dict.fromkeys(refs) if ref not in seen]
    return seen


def _section(name: str, definition: dict[str, Any], model: type[Strict], definitions: dict[str, Any]) -> str:
    comments = _comments(model)
    required = definition.get("required", [])
    rows = []
    for key, value in definition["properties"].items():
        default = "**required**" if key in required else _default(value)
        rows.append(f"| `{key}` | {_type(value, definitions)} | {default} | {comments.get(key, '')} |")
    title = "The file" if name == "RunConfig" else name
    description = " ".join(inspect.cleandoc(model.__doc__ or "").split())
    table = "\n".join(["| key | value | default | |", "|---|---|---|---|", *rows])
    return f"## {title}\n\n{description}\n\n{table}\n"


def _comments(model: type[Strict]) -> dict[str, str]:
    """The remark on the line of each field, also of inherited ones."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, Strict) or base is Strict:
            continue
        source = textwrap.dedent(inspect.getsource(base))
        remarks = {
            token.start[0]: token.string.lstrip("# ")
            for token in tokenize.generate_tokens(io.StringIO(source).readline)
            if token.type == tokenize.COMMENT
        }
        body = ast.parse(source).body[0]
        assert isinstance(body, ast.ClassDef)
        for statement in body.body:
            if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
                remark = remarks.get(statement.end_lineno or 0, "")
                found[statement.target.id] = remark.replace("|", "\\|")
    return found


def _type(value: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a value may be, in words, from its JSON schema."""
    if "$ref" in value:
        name = value["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})" if "properties" in definitions[name] else _type(definitions[name], definitions)
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{item}`" for item in value["enum"])
    for key in ("anyOf", "oneOf"):
        if key in value:
            return " or ".join(_type(item, definitions) for item in value[key])
    kind = value.get("type")
    if kind == "array":
        parts = value.get("prefixItems")
        inner = ", ".join(_type(part, definitions) for part in parts) if parts else _type(value.get("items", {}), definitions)
        return f"list ({inner})"
    if kind == "object":
        of = value.get("additionalProperties")
        shown = _type(of, definitions) if isinstance(of, dict) else "anything"
        return f"mapping ({_type(value['propertyNames'], definitions) if 'propertyNames' in value else 'name'}: {shown})"
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true, false", "null": "nothing"}
    return words.get(str(kind), "anything") + _bounds(value)


def _bounds(value: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    parts = [f"{sign} {value[key]}" for key, sign in signs.items() if key in value]
    if value.get("pattern") == SLUG:
        parts.append("in lower-case letters, digits, `.`, `_`, `-`")
    elif "pattern" in value:
        parts.append(f"`{value['pattern']}`".replace("|", "\\|"))
    return f" {', '.join(parts)}" if parts else ""


def _default(value: dict[str, Any]) -> str:
    if "default" not in value:
        return "its defaults"
    default = value["default"]
    if isinstance(default, dict) and default:
        return (
            ", ".join(f"{key} {item}" for key, item in default.items()) if all(map(_plain, default.values())) else "its defaults"
        )
    return "" if default is None else f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _plain(value: Any) -> bool:
    return isinstance(value, int | float | str)


if __name__ == "__main__":
    with replacing(Path(sys.argv[1])) as temporary:
        temporary.write_text(markdown(), encoding="utf-8")
