"""From the raw row of somebody's data set to our row, as `fields` of the configuration says.

Targets: `prompt` or `messages`, `system`, `tools`, `answer` (short for `reference.answer`), `asserts` (assert statements
turned into a check program), `reference` (whole), `reference.<key>`, `completion`, `chosen`, `rejected`, `id` (kept in
the metadata), `domain` (of one row, where a set mixes them), `metadata.<key>`.
"""

import re
from typing import Any, get_args

from openqwq.config.curate import Domain, FieldSpec, FileSource, HubSource
from openqwq.data import gold_shape
from openqwq.data.rows import Message, Row, make_row, printable
from openqwq.data.sources.asserts import check_program
from openqwq.data.sources.conversation import answer_turns, messages, split_reply
from openqwq.data.sources.take import columns, lookup, not_finite, take
from openqwq.data.sources.unreadable import Unreadable
from openqwq.errors import UserError

PLAIN = (
    *("prompt", "messages", "system", "tools", "answer", "asserts", "reference", "completion", "chosen", "rejected"),
    *("domain", "id"),
)
NEEDED = {"problems": (), "traces": ("completion",), "preferences": ("chosen", "rejected")}


class Mapping:
    """Turns raw rows of one source into ours, and remembers which mapped columns were ever there."""

    def __init__(self, source: FileSource | HubSource) -> None:
        self.source = source
        self.key = f"curate.sources.{source.name}.fields"
        _check_targets(source, self.key)
        self.unseen = {column: target for target, spec in source.fields.items() for column in columns(spec)}
        self.offered: list[str] = []  # columns of the first row

    def row(self, raw: dict[str, Any]) -> Row:
        """Our row. Raises `Unreadable` with the reason, also where the gold is missing or has the wrong shape."""
        self.offered = self.offered or [printable(str(column)) for column in raw]
        for column in [c for c in self.unseen if lookup(raw, c) is not None]:
            del self.unseen[column]
        source = self.source
        values = {target: take(raw, spec) for target, spec in source.fields.items()}
        turns, closing = self._prompt(values)
        more: dict[str, Any] = {}
        if source.role == "traces":
            completion = values.get("completion")
            if completion is None and closing:
                completion = closing[-1]["content"]
            more["completion"] = _text(completion, "completion")
        if source.role == "preferences":
            for name in ("chosen", "rejected"):
                if values.get(name) is None:
                    raise Unreadable(f"no value for {name}")
                more[name] = answer_turns(values[name])
        tools = values.get("tools")
        if tools is not None and not isinstance(tools, list):
            raise Unreadable(f"tools are a list of schemas, this is {type(tools).__name__} (parse_json reads them from text)")
        metadata = {key: value for key, value in _prefixed(values, "metadata.").items() if not _missing(value)}
        if values.get("id") is not None:
            metadata["id"] = values["id"]
        metadata.setdefault("licence", source.licence)
        try:
            row = make_row(
                source.name,
                _domain(values, source.domain),
                turns,
                verifier=source.verifier,
                reference=_reference(values),
                tools=tools,
                metadata=metadata,
                **more,
            )
        except (ValueError, TypeError) as error:  # NaN, nested too deep, or bytes and dates out of parquet
            raise Unreadable(f"a value cannot be written as JSON ({error})") from error
        fault = gold_shape.fault(row["verifier"], row["reference"])
        if fault is not None:
            raise Unreadable(fault[1], kind=fault[0])
        return row

    def _prompt(self, values: dict[str, Any]) -> tuple[list[Message], list[Message]]:
        if "messages" in self.source.fields:
            turns, closing = split_reply(messages(values["messages"]))
        else:
            turns, closing = [{"role": "user", "content": _text(values.get("prompt"), "prompt")}], []
        if values.get("system") is not None:
            turns = [{"role": "system", "content": _text(values["system"], "system")}, *turns]
        if self.source.prompt_suffix and turns and turns[-1]["role"] == "user":
            turns[-1] = {"role": "user", "content": turns[-1]["content"] + self.source.prompt_suffix}
        return turns, closing


def _check_targets(source: FileSource | HubSource, key: str) -> None:
    fields: dict[str, FieldSpec] = source.fields
    for target, spec in fields.items():
        if target not in PLAIN and not re.fullmatch(r"(reference|metadata)\.[\w.-]+", target):
            raise UserError(f"{key}: unknown target {target!r}. Targets are {', '.join(PLAIN)}, reference.<key>, metadata.<key>.")
        regex = None if isinstance(spec, str) else spec.regex
        if regex is not None:
            try:
                groups = re.compile(regex).groups
            except re.error as error:
                raise UserError(f"{key}.{target}.regex: {regex!r} is not a regular expression ({error}).") from error
            if not groups:
                raise UserError(f"{key}.{target}.regex: {regex!r} has no group; put what is to be kept in parentheses.")
    if ("prompt" in fields) == ("messages" in fields):
        raise UserError(f"{key}: map exactly one of prompt and messages.")
    for target in NEEDED[source.role]:
        if target not in fields and not (target == "completion" and "messages" in fields):
            raise UserError(f"{key}: a source of {source.role} needs the target {target!r}.")
    golds = [t for t in fields if t in ("answer", "asserts", "reference") or t.startswith("reference.")]
    if source.verifier is not None and not golds:
        raise UserError(
            f"{key}: the verifier {source.verifier!r} needs a gold; map answer, reference, or reference.<key>, "
            "or leave the verifier out."
        )


def _reference(values: dict[str, Any]) -> dict[str, Any] | None:
    """The reference, or None where the row has no gold."""
    whole = values.get("reference")
    if whole is not None and not isinstance(whole, dict):
        raise Unreadable(f"the reference is an object, this is {type(whole).__name__} (parse_json reads it from text)")
    parts = _prefixed(values, "reference.")
    reference = {**(whole or {}), **parts}
    if any(map(_missing, parts.values())) or any(map(not_finite, reference.values())):
        return None
    if "answer" in values:
        if _missing(values["answer"]):
            return None
        reference["answer"] = _number_or_text(values["answer"])
    if "asserts" in values:
        if values["asserts"] is None:
            return None
        reference = {**check_program(values["asserts"]), **reference}
    return reference or None


def _domain(values: dict[str, Any], usual: str) -> str:
    """The row's own domain where the mapping has one. Raises `Unreadable` for one that is not known."""
    if "domain" not in values:
        return usual
    if values["domain"] not in get_args(Domain):
        raise Unreadable(f"unknown domain {values['domain']!r}; the transform domain_name knows how sets name theirs")
    return str(values["domain"])


def _missing(value: Any) -> bool:
    return value is None or not_finite(value)


def _number_or_text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unreadable(f"an answer is text or a number, this is {type(value).__name__}")
    return str(value).strip()


def _prefixed(values: dict[str, Any], prefix: str) -> dict[str, Any]:
    return {target.removeprefix(prefix): value for target, value in values.items() if target.startswith(prefix)}


def _text(value: Any, target: str) -> str:
    if value is None:
        raise Unreadable(f"no value for {target}")
    if not isinstance(value, str):
        raise Unreadable(f"{target} is text, this is {type(value).__name__}")
    return value
