"""Words of many texts at once, as 64-bit hashes, without a Python object a word.

A word is a run of letters and digits after the normalisation of `normalise`; signs are no words here. Of a text in ASCII that
normalisation changes nothing but case and LaTeX that only moves things about, which the loop over its bytes sees to.
"""

import re
import unicodedata
from typing import Any, NamedTuple

import numpy as np

from openqwq.data.steps.compiled import compiled

_PRIME, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_ZERO, _HIGH, _HALF, _TOP = (np.uint64(number) for number in (0, 29, 32, 56))
_BACKSLASH, _UNDERSCORE = ord("\\"), ord("_")
_SIGN = re.compile(r"[^\w\0-\x7f]")
_LAYOUT = ("quad", "qquad", "left", "right", "displaystyle", "thinspace")  # LaTeX that only moves things about


class _Alphabet(NamedTuple):
    """Of each byte, uint64 (256,), the one that counts, its lower case, and a mask, all bits or for a sign none; the words that
    are none after a backslash, uint64 (n,), and which highest bytes they have, bool (256,)."""

    lower: np.ndarray
    masks: np.ndarray
    layout: np.ndarray
    maybe: np.ndarray


def hashes(texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """(hashes of all words in order, uint64 (w,); how many are of each text, int64 (n,))."""
    return _hashes(texts, _ALPHABET)


def _hashes(texts: list[str], alphabet: _Alphabet) -> tuple[np.ndarray, np.ndarray]:
    plainly = [text if text.isascii() else _bytewise(text) for text in texts]
    data = np.frombuffer("".join(plainly).encode("latin-1"), np.uint8)
    return _scan(data, np.fromiter(map(len, plainly), np.int64, len(plainly)), alphabet)


def _bytewise(text: str) -> str:
    """The normalised text, a character for each byte of its UTF-8, of which those from 128 on are of letters and digits."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _SIGN.sub(" ", folded).encode("utf-8", "surrogatepass").decode("latin-1")


@compiled
def _scan(data: Any, sizes: Any, alphabet: _Alphabet) -> Any:
    """As `hashes`; `data`: the texts one behind the other; `sizes`: bytes of each.

    Where a word ends cannot be predicted, so that the loop over bytes has no branch: a sign sets the hash to 0, and each byte
    puts what was before it where the next word goes, whether it was one or not."""
    lower, masks, maybe = alphabet.lower, alphabet.masks, alphabet.maybe
    words = np.empty((len(data) + len(sizes)) // 2 + 1, np.uint64)
    ends = np.empty(len(words), np.int64)  # of each word of one text
    counts = np.empty(len(sizes), np.int64)
    begin = total = 0
    for number in range(len(sizes)):
        text = data[begin : begin + sizes[number]]
        begin += sizes[number]
        here = words[total:]
        value, found, kept = _ZERO, 0, 0
        for at in range(len(text)):
            byte = text[at]
            here[found], ends[found] = value, at
            found += int(value != _ZERO) & int(masks[byte] == _ZERO)
            value = ((value ^ lower[byte]) * _PRIME) & masks[byte]
        here[found], ends[found] = value, len(text)
        found += int(value != _ZERO)
        for place in range(found):
            word = (here[place] ^ (here[place] >> _HIGH)) * _MIX
            word ^= word >> _HALF
            here[kept] = word
            kept += 1
            if maybe[word >> _TOP] and _is_layout(word, text, ends[place], alphabet):
                kept -= 1
        total += kept
        counts[number] = kept
    return words[:total], counts


@compiled
def _is_layout(word: Any, text: Any, at: int, alphabet: _Alphabet) -> bool:
    """Whether a word that ends before `at` only moves things about. `\\left_` does not: to a pattern, _ is a letter."""
    if not (word == alphabet.layout).any() or (at < len(text) and text[at] == _UNDERSCORE):
        return False
    while at > 0 and alphabet.masks[text[at - 1]] != _ZERO:
        at -= 1
    return at > 0 and text[at - 1] == _BACKSLASH


def _alphabet() -> _Alphabet:
    lower = np.array([ord(chr(byte).lower()) if byte > 127 or chr(byte).isalnum() else 0 for byte in range(256)], np.uint64)
    lower[128:] = np.arange(128, 256)
    masks = np.where(lower, ~_ZERO, _ZERO)
    plain = _Alphabet(lower, masks, np.zeros(0, np.uint64), np.zeros(256, bool))
    layout = _hashes(list(_LAYOUT), plain)[0]
    plain.maybe[layout >> _TOP] = True
    return plain._replace(layout=layout)


_ALPHABET = _alphabet()
