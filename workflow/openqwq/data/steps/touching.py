"""The screen's loop over rows, words in and verdicts out: hashes are looked up in the index of problems (screen.py).

Numbers that are hashes are uint64 throughout: of an uint64 and an int64 numba makes a float.
"""

from typing import Any, NamedTuple

import numpy as np

from openqwq.data.steps.compiled import compiled

_BASE, _MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F)
_ZERO, _ONE, _THREE, _SEVEN, _HIGH, _HALF = (np.uint64(number) for number in (0, 1, 3, 7, 29, 32))
_LOW = np.uint64(2**32 - 1)


class Known(NamedTuple):
    """A set of hashes, numbered. `bits`: whether any has these highest bits, 8 in a byte, which rules most others out; `slots`:
    looked at from the place on that the lowest bits say, the upper half of a hash and its number, from 1, in the lower half."""

    bits: np.ndarray
    slots: np.ndarray
    shift: np.uint64


class Index(NamedTuple):
    """What rows are looked up in. Of each pair that is rare its problems are `owners[starts[pair] : starts[pair + 1]]`; of each
    problem its pairs are `members[bounds[problem] : bounds[problem + 1]]`."""

    ngram: int
    single: bool  # whether words count as pairs
    runs: Known
    bags: Known
    pairs: Known
    weights: np.ndarray  # of each pair
    starts: np.ndarray
    owners: np.ndarray
    bounds: np.ndarray
    members: np.ndarray
    masses: np.ndarray  # of each problem the weight of its pairs,
    needs: np.ndarray  # and how many of its rare pairs are enough
    unseen: float  # weight of a pair that no problem has
    fewest: float  # rare pairs that are enough: so many,
    of_row: float  # and this share of the words of what the user says
    holds: float  # shares of weight that are enough, of the problem's
    taken: float  # and of the row's


def known(values: np.ndarray) -> Known:
    """The set of some hashes, uint64 (n,), each once; they are numbered as they stand."""
    bits = max(10, len(values).bit_length())
    made = Known(np.zeros(2 ** (bits + 2), np.uint8), np.zeros(2 ** (bits + 1), np.uint64), np.uint64(64 - bits - 5))
    _fill(made, values)
    return made


@compiled
def neighbours(words: Any, counts: Any, length: int) -> Any:
    """(hashes of the runs of `length` words within one text, uint64 (r,); how many are of each text, int64 (n,))."""
    kept = np.maximum(counts - length + 1, 0)
    runs = np.empty(kept.sum(), np.uint64)
    at = first = 0
    for text in range(len(counts)):
        for place in range(first, first + kept[text]):
            value = _ZERO
            for word in words[place : place + length]:
                value = value * _BASE + word
            runs[at] = _mixed(value)
            at += 1
        first += counts[text]
    return runs, kept


@compiled
def touching(words: Any, counts: Any, texts: Any, index: Index) -> Any:
    """For each row (whether it has a known run, whether it has a known bag or is near to a problem), bool (n,) each. `texts`: how
    many are of each row, what the user says first; `counts`: words of each text."""
    runs, passed = np.zeros(len(texts), np.bool_), np.zeros(len(texts), np.bool_)
    maybe = np.empty(2 * len(words) + 1, np.uint64)
    pairs = np.empty(2 * len(words) + 1, np.uint32)
    hits = np.zeros(len(index.needs), np.int32)  # rare pairs shared with each problem
    met = np.empty(len(index.needs) + 1, np.uint32)  # problems with which any is
    stamps = np.zeros(len(index.weights), np.int64)
    at = text = 0
    for row in range(len(texts)):
        first, size, asked = at, 0, 0
        enough = unseen = 0.0
        for turn in range(texts[row]):
            said = words[at : at + counts[text]]
            at += counts[text]
            text += 1
            passed[row] |= _number(index.bags, _sum(said)) >= 0
            new = _look_up(said, index, maybe, pairs[size:])
            size += new
            if turn == 0:
                asked = new
                enough = max(index.fewest, index.of_row * len(said))
                unseen = index.unseen * (max(0, len(said) - 1) + (len(said) if index.single else 0) - new)
        runs[row] = _has_run(words[first:at], index)  # all texts as one: what the user says may come in two
        passed[row] |= _number(index.bags, _sum(words[first:at])) >= 0
        kept = count = 0
        for pair in pairs[:size]:
            for place in range(index.starts[pair], index.starts[pair + 1]):
                problem = index.owners[place]
                met[count] = problem
                count += hits[problem] == 0
                hits[problem] += 1
        for problem in met[:count]:
            met[kept] = problem
            kept += hits[problem] >= min(index.needs[problem], enough)
            hits[problem] = 0
        passed[row] = passed[row] or (kept > 0 and _near(pairs[:size], asked, unseen, met[:kept], index, stamps, row + 1))
    return runs, passed


@compiled
def _look_up(words: Any, index: Index, maybe: Any, pairs: Any) -> int:
    """Puts the numbers of the pairs that problems have into `pairs`, and says how many they are; `maybe` is room for hashes.

    Each step is a loop of its own, so that the processor waits for many looks into memory at once."""
    size = count = 0
    for place in range(len(words) - 1):
        maybe[size] = _mixed(words[place] * _BASE + words[place + 1])
        size += _may_have(index.pairs, maybe[size])
    if index.single:
        for word in words:
            maybe[size] = word
            size += _may_have(index.pairs, word)
    for value in maybe[:size]:
        number = _number(index.pairs, value)
        pairs[count] = number
        count += number >= 0
    return count


@compiled
def _has_run(words: Any, index: Index) -> bool:
    """Whether a run of `ngram` words is known; the hash of `neighbours`, rolling on."""
    top = _ONE
    for _ in range(index.ngram):
        top *= _BASE
    value = _ZERO
    for place in range(len(words)):
        value = value * _BASE + words[place]
        if place >= index.ngram:
            value -= words[place - index.ngram] * top
        run = _mixed(value)
        if place >= index.ngram - 1 and _may_have(index.runs, run) and _number(index.runs, run) >= 0:
            return True
    return False


@compiled
def _near(pairs: Any, asked: int, unseen: float, problems: Any, index: Index, stamps: Any, stamp: int) -> bool:
    """Whether a row shares enough weight with one of the problems; the first `asked` of its pairs are of what the user says.

    Pairs count once; in the row's own weight those that no problem has (`unseen`) each time: `taken` leaves room for it.
    `stamps`: of each pair of the index the number of the row in which it was last seen."""
    mass = unseen
    for at in range(len(pairs)):
        if stamps[pairs[at]] != stamp:
            stamps[pairs[at]] = stamp
            mass += index.weights[pairs[at]] if at < asked else 0.0
    for problem in problems:
        shared = 0.0
        for place in range(index.bounds[problem], index.bounds[problem + 1]):
            pair = index.members[place]
            shared += index.weights[pair] if stamps[pair] == stamp else 0.0
        if shared >= index.holds * index.masses[problem] or shared >= index.taken * mass:
            return True
    return False


@compiled
def _mixed(value: Any) -> Any:
    value = (value ^ (value >> _HIGH)) * _MIX
    return value ^ (value >> _HALF)


@compiled
def _sum(words: Any) -> Any:
    """The same in any order."""
    total = _ZERO
    for word in words:
        total += word
    return total


@compiled
def _fill(known: Known, values: Any) -> None:
    for number in range(len(values)):
        bucket = values[number] >> known.shift
        known.bits[bucket >> _THREE] |= np.uint8(_ONE << (bucket & _SEVEN))
        at = values[number] & np.uint64(len(known.slots) - 1)
        while known.slots[at] != _ZERO:
            at = (at + _ONE) & np.uint64(len(known.slots) - 1)
        known.slots[at] = (values[number] & ~_LOW) | np.uint64(number + 1)


@compiled
def _may_have(known: Known, value: Any) -> Any:
    bucket = value >> known.shift
    return (np.int64(known.bits[bucket >> _THREE]) >> np.int64(bucket & _SEVEN)) & 1


@compiled
def _number(known: Known, value: Any) -> int:
    """The number of a hash, or -1."""
    at = value & np.uint64(len(known.slots) - 1)
    while known.slots[at] != _ZERO:
        if (known.slots[at] ^ value) <= _LOW:
            return int(known.slots[at] & _LOW) - 1
        at = (at + _ONE) & np.uint64(len(known.slots) - 1)
    return -1
