"""What the model reads of a call: short text that cannot pass for markup of the chat template."""

import re
from collections.abc import Iterable
from typing import Any

from openqwq.agents.environment import as_text

# Behind the last answer before the last turn that there may be.
LAST_TURN = "\n[One turn is left: answer now. Calls in it are not carried out.]"

# What the chat template writes itself. A text that holds it would close its response, or open a turn of somebody else.
_TAGS = r"</?(?:tool_call|tool_response|tools|think)>"
_CONTROL = r"<\|[^<>|\n]{1,60}\|>"


def error(what: str) -> str:
    """The form of every error."""
    return f"Error: {what}"


def shown(value: Any, most: int) -> str:
    """A tool's result as text of at most about `most` characters; what is left out is left out of the middle, and said."""
    text = value if isinstance(value, str) else as_text(value)
    text = text.encode("utf-8", "backslashreplace").decode() or "(nothing)"
    if len(text) <= most:
        return text
    head, tail = most * 2 // 3, most // 3
    left_out = f"[{len(text) - head - tail} of {len(text)} characters left out: ask for less]"
    return f"{text[:head]}\n{left_out}\n{text[len(text) - tail :]}"


def escaped(text: str, special: Iterable[str] = ()) -> str:
    """The text with a space in every mark of the template and every one of the tokenizer's `special` tokens.

    `<|im_end|>` becomes `< |im_end|>`: readable, and no token of a meaning. Texts of others are never tokenised otherwise.
    """
    names = sorted({token for token in special if len(token) > 1 and not token.isspace()}, key=len, reverse=True)
    marks = re.compile("|".join([_TAGS, _CONTROL, *map(re.escape, names)]))
    while marks.search(text):  # what is left may make a mark with its neighbours
        text = marks.sub(lambda match: f"{match[0][0]} {match[0][1:]}", text)
    return text
