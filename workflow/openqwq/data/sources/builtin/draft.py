"""What a generator draws: a problem with a worked completion, or a pair of answers."""

from dataclasses import dataclass
from typing import Any

from openqwq.data.rows import Message


class ParamError(Exception):
    """A setting of a generator that it cannot work with; the message names the key."""


@dataclass(frozen=True)
class Draft:
    """A problem with a completion that its verifier finds correct."""

    domain: str
    prompt: str
    verifier: str
    reference: dict[str, Any]
    completion: str  # thinking and answer
    solution: str | None = None  # for the gold check: what the reference alone does not say
    tools: list[dict[str, Any]] | None = None
    turns: list[Message] | None = None  # what comes between the prompt and the completion, where that is a last turn


@dataclass(frozen=True)
class Pair:
    """A prompt, a good answer and a worse one, and what is wrong with the latter."""

    domain: str
    prompt: str
    chosen: str
    rejected: str
    flaw: str
    tools: list[dict[str, Any]] | None = None
