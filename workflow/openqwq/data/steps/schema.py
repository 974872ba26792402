"""Step `schema`: a row has what its role and its verifier need."""

import json
import re

from openqwq.data import gold_shape
from openqwq.data.rows import Message, Row, metadata_of

MARKUP = ("<|im_start|>", "<|im_end|>")  # in a text they would end its turn and begin one of another role


def fault(row: Row) -> str | None:
    """What is wrong with a row, or None."""
    messages = row["messages"]
    if not messages or messages[-1]["role"] not in ("user", "tool"):
        return "the prompt does not end with a user's or a tool's message"
    if any(not message["content"].strip() for message in messages if message["role"] == "user"):
        return "empty prompt"
    if not _encodable(row):
        return "text with lone surrogates, which is not Unicode"
    if any(mark in text for text in _texts(row) for mark in MARKUP):
        return "chat markup in the text"
    if "completion" in row and not row["completion"].strip():
        return "empty completion"
    if row.get("turns") is not None and not _alternating(row["turns"]):
        return "the turns before the completion do not begin with the assistant's and end with a tool's"
    if "chosen" in row:
        if not _said(row["chosen"]) or not _said(row["rejected"]):
            return "empty answer"
        if _said(row["chosen"]) == _said(row["rejected"]):
            return "chosen and rejected are the same"
    gold = gold_shape.fault(row["verifier"], row["reference"])
    return _rate(row) if gold is None else ": ".join(gold)


def _rate(row: Row) -> str | None:
    """The step `difficulty` reads it: one that is text or a percentage would pass by it, or be dropped, without a word."""
    if '"pass_rate"' not in (row["metadata"] or ""):
        return None
    rate = metadata_of(row).get("pass_rate")
    if rate is None or (isinstance(rate, int | float) and not isinstance(rate, bool) and 0 <= rate <= 1):
        return None
    return f"metadata.pass_rate is no share from 0 to 1: {rate!r:.60}"


def _texts(row: Row) -> list[str]:
    """All text that a chat template puts among its own markup."""
    turns = [*row["messages"], *(row.get("turns") or []), *row.get("chosen", []), *row.get("rejected", [])]
    return [*(turn["content"] for turn in turns), row["tools"] or "", row.get("completion") or ""]


def _alternating(turns: list[Message]) -> bool:
    """Turns of the assistant, each with the answers of one tool or more behind it."""
    roles = "".join({"assistant": "a", "tool": "t"}.get(turn["role"], "?") for turn in turns)
    return re.fullmatch(r"(at+)+", roles) is not None


def _said(turns: list[Message]) -> str:
    return "\n".join(turn["content"] for turn in turns).strip()


def _encodable(row: Row) -> bool:
    try:
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
