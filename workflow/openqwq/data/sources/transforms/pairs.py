"""`preferred`, `dispreferred`, `preference_strength`: which of two responses people liked better, and how much, from
`[response1, response2, preference]`.

HelpSteer3 rates a pair from -3 (the first is much better) to 3 (the second is). 0 is a tie: the row teaches nothing and is set
aside.
"""

from typing import Any

from openqwq.data.sources.unreadable import Unreadable


def preferred(values: list[Any]) -> str:
    """The better response. Raises `Unreadable` for a tie and for anything but two texts and a number."""
    return _pair(values)[0]


def dispreferred(values: list[Any]) -> str:
    """The worse response. Raises `Unreadable` as `preferred` does."""
    return _pair(values)[1]


def preference_strength(values: list[Any]) -> float:
    """By how much, from 1 to 3 in HelpSteer3: the rating without its sign. Raises `Unreadable` as `preferred` does."""
    _pair(values)
    return float(abs(values[2]))


def _pair(values: list[Any]) -> tuple[str, str]:
    if len(values) != 3:
        raise Unreadable(f"a pair is read from two responses and a preference, here are {len(values)} columns")
    first, second, preference = values
    if not isinstance(first, str) or not isinstance(second, str):
        raise Unreadable("a response is text")
    if isinstance(preference, bool) or not isinstance(preference, int | float) or preference != preference:
        raise Unreadable(f"a preference is a number, this is {preference!r}")
    if preference == 0:
        raise Unreadable("neither response is preferred", kind="a tie")
    return (first, second) if preference < 0 else (second, first)
