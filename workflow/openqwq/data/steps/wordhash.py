"""Words of many texts at once, as 64-bit hashes, without a Python object a word.

A word is a run of letters and digits after the normalisation of `normalise`; signs are no words here. Hashes are polynomials
in the bytes, read off one running sum over all texts (Karp and Rabin 1987), and then mixed.
"""

import re

import numpy as np

from openqwq.data.normalise import plain

PIECE = 4_000_000  # bytes that are looked at together; the arrays take some fifty times that
_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 2**64)
_MIX = np.uint64(0xC2B2AE3D27D4EB4F)
_SIGN = re.compile(r"[^\w\s]|_")
_LOWER = bytes(ord(chr(byte).lower()) if byte < 128 and chr(byte).isalnum() else 0 for byte in range(128)) + bytes(
    range(128, 256)
)
_VALUES = np.array([0 if byte == 0 else (byte * _BASE + 0x165667B19E3779F9) % 2**64 for byte in range(256)], np.uint64)
_LAYOUT = ("quad", "qquad", "left", "right", "displaystyle", "thinspace")  # LaTeX that only moves things about


class _Powers:
    """Powers of the base and of its inverse, as many as were ever asked for."""

    def __init__(self) -> None:
        self.up = self.down = np.ones(1, np.uint64)

    def grow(self, count: int) -> None:
        """At least `count` of them."""
        if len(self.up) < count:
            self.up, self.down = (
                np.concatenate([np.ones(1, np.uint64), np.multiply.accumulate(np.full(count, np.uint64(b), np.uint64))])
                for b in (_BASE, _INVERSE)
            )


_POWERS = _Powers()


def hashes(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(hashes of all words in order, uint64 (w,); for each the number of its text, int64 (w,))."""
    with np.errstate(over="ignore"):
        parts, first, size = [], 0, 0
        for at, text in enumerate(texts):
            size += len(text)
            if size >= PIECE or at == len(texts) - 1:
                words, owners = _hashes(texts[first : at + 1])
                parts.append((words, owners + first))
                first, size = at + 1, 0
    if not parts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    return np.concatenate([words for words, _ in parts]), np.concatenate([owners for _, owners in parts])


def neighbours(words: np.ndarray, owners: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(hashes of runs of `count` words within one text; the number of the text)."""
    kept = len(words) - count + 1
    if kept <= 0:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    inside = np.flatnonzero(owners[:kept] == owners[count - 1 :])
    _POWERS.grow(len(words))
    with np.errstate(over="ignore"):
        sums = np.zeros(len(words) + 1, np.uint64)
        np.cumsum(words * _POWERS.up[: len(words)], out=sums[1:])
        made = (sums[inside + count] - sums[inside]) * _POWERS.down[inside]
        made = (made ^ (made >> np.uint64(29))) * _MIX
        made ^= made >> np.uint64(32)
    return made, owners[inside]


def _hashes(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    plainly = [text if text.isascii() else _SIGN.sub(" ", plain(text)) for text in texts]
    encoded = plainly if all(map(str.isascii, plainly)) else [text.encode("utf-8", "surrogatepass") for text in plainly]
    raw = "\n".join(["", *plainly, ""]).encode("utf-8", "surrogatepass")
    data = np.frombuffer(raw.translate(_LOWER), np.uint8)
    _POWERS.grow(len(data) + 1)
    sums = np.cumsum(_VALUES[data] * _POWERS.up[: len(data)])
    inside = data != 0
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[0::2], edges[1::2]  # the byte before a word, and its last byte
    words = (sums[ends] - sums[starts]) * _POWERS.down[starts]
    words = (words ^ (words >> np.uint64(29))) * _MIX
    words ^= words >> np.uint64(32)
    bounds = np.searchsorted(starts, np.cumsum([0, *map(len, encoded)]) + np.arange(len(texts) + 1))
    owners = np.repeat(np.arange(len(texts)), np.diff(bounds))
    if b"\\" in raw and len(_COMMANDS):
        command = (np.frombuffer(raw, np.uint8)[starts] == ord("\\")) & np.isin(words, _COMMANDS)
        words, owners = words[~command], owners[~command]
    return words, owners


_COMMANDS = np.zeros(0, np.uint64)
_COMMANDS = hashes([" ".join(_LAYOUT)])[0]
