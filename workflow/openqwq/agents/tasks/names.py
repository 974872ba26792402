"""Names of people and places that nobody has: made of syllables, so that nothing about them can be known by heart."""

from collections.abc import Callable
from random import Random

_FIRST = ("Ma", "Te", "Lo", "Ri", "Ke", "Va", "Nu", "So", "Bel", "Or", "Ed", "Il", "Fa", "Jo", "Mir", "Tal")
_SECOND = ("ra", "lin", "dor", "na", "vek", "sa", "ron", "mi", "tess", "bo", "ga", "len", "rik", "va")
_LAST = ("Hol", "Brand", "Quen", "Tarr", "Vess", "Mol", "Drav", "Plin", "Ost", "Kerr", "Zell", "Wim", "Ruk", "Farn")
_ENDS = ("berg", "lund", "wick", "mere", "son", "ley", "stad", "dal", "ford", "er", "ov", "ing")


def person(rng: Random) -> str:
    """A first name and a last name."""
    return f"{rng.choice(_FIRST)}{rng.choice(_SECOND)} {rng.choice(_LAST)}{rng.choice(_ENDS)}"


def place(rng: Random) -> str:
    """A town."""
    return f"{rng.choice(_LAST)}{rng.choice(_SECOND)}{rng.choice(_ENDS)}"


def several(rng: Random, make: Callable[[Random], str], count: int) -> list[str]:
    """Different names."""
    found: dict[str, None] = {}
    while len(found) < count:
        found[make(rng)] = None
    return list(found)
