"""Which rows of a batch may touch an evaluation at all. Most do not, and are not looked at one by one.

A row passes when, in words alone (wordhash.py), it has one of these in common with an evaluation problem; each is necessary
for the rules named:

- enough pairs of neighbouring words that are rare among the problems, and then a share of all pairs, weighed by how much they
  tell: of `exact` and `short` all of them, and `similar` is looked for nowhere else;
- a run of n words: `ngram`;
- all words, in any order: `reordered`.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from openqwq.data.rows import Row
from openqwq.data.steps.wordhash import hashes, neighbours

RARE = 12  # a pair in at most so many problems is rare, and so are, of each problem,
MEETING = 8  # its rarest ones
OF_PROBLEM, OF_ROW = 0.3, 0.12  # of a problem's rare pairs, or as many as this share of a row's words, both must have
FEWEST = 1
HOLDS, TAKEN = 0.6, 0.65  # of the problem's weight, or of the row's; below those of similar.py, which sees signs as well
_BITS = 22  # of the table that rules out most hashes before they are searched for
_SHIFT = np.uint64(64 - _BITS)


class _Known:
    """A set of hashes. Most that are not in it are ruled out by a look into a table of 4 MB."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = np.unique(values)
        buckets = self.values >> _SHIFT
        self.table = np.zeros(2**_BITS, bool)
        self.table[buckets] = True
        first = np.flatnonzero(np.diff(buckets.astype(np.int64), prepend=-1))
        self.starts = np.zeros(2**_BITS, np.int32)  # of each bucket, where its first value is
        self.starts[buckets[first]] = first
        self.most = int(np.diff(first, append=len(buckets)).max(initial=0))  # values in one bucket

    def find(self, given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(which of the given are in the set, in order, and where in `values`)."""
        buckets = given >> _SHIFT
        maybe = np.flatnonzero(self.table[buckets])
        asked, at = given[maybe], self.starts[buckets[maybe]].astype(np.int64)
        for _ in range(self.most - 1):
            at += (self.values[at] != asked) & (at + 1 < len(self.values))
        right = self.values[at] == asked
        return maybe[right], at[right]


@dataclass
class Screen:
    """Problems are added by their texts; `settle` is called after the last one."""

    ngram: int
    _cores: list[list[str]] = field(default_factory=list)
    _runs: list[str] = field(default_factory=list)
    _bags: list[str] = field(default_factory=list)

    def add(self, core: list[str], runs: list[str], bags: list[str]) -> None:
        """One problem: the lines that are its own, its runs of n words that count, and its texts as a whole."""
        self._cores.append(core)
        self._runs += runs
        self._bags += bags

    def settle(self) -> None:
        """Builds the index."""
        pairs = [_signature(core) for core in self._cores]
        self._single = any(not len(neighbours(*hashes(core), 2)[0]) for core in self._cores)
        self.everything = any(not len(one) for one in pairs)  # a problem without words: no row can be ruled out
        self._total = max(1, len(pairs))
        self._pairs = _Known(np.concatenate([*pairs, np.zeros(0, np.uint64)]))
        owners = np.repeat(np.arange(len(pairs)), [len(one) for one in pairs])
        numbers = np.searchsorted(self._pairs.values, np.concatenate([*pairs, np.zeros(0, np.uint64)]))
        counts = np.bincount(numbers, minlength=len(self._pairs.values))
        self._unseen = math.log(2 * (self._total + 1))
        self._weights = np.log((self._total + 1) / (counts + 0.5))
        self._masses = np.bincount(owners, weights=self._weights[numbers], minlength=self._total)
        self._members = np.sort(numbers * self._total + owners)
        rarest = np.lexsort((numbers, counts[numbers], owners))
        place = np.arange(len(owners)) - np.searchsorted(owners, owners)  # of a pair among its problem's, the rarest first
        chosen = rarest[(counts[numbers[rarest]] <= RARE) | (place < MEETING)]
        order = chosen[np.argsort(numbers[chosen], kind="stable")]
        self._needs = np.ceil(OF_PROBLEM * np.bincount(owners[order], minlength=self._total)).astype(np.int64)
        self._problems = owners[order]
        self._rare = _Known(self._pairs.values[numbers[order]])
        self._starts = np.append(np.flatnonzero(np.diff(numbers[order], prepend=-1)), len(order))
        words, owners = hashes(self._runs)
        runs, of = neighbours(words, owners, self.ngram)
        self._known_runs = _Known(runs[np.diff(of, prepend=-1) != 0])  # a run may have more words than it counts
        self._known_bags = _Known(_sums(*hashes(self._bags), len(self._bags)))
        self._cores, self._runs, self._bags = [], [], []

    def passes(self, rows: list[Row]) -> np.ndarray:
        """For each row whether it is to be looked at; bool (n,)."""
        passed = np.full(len(rows), self.everything)
        if self.everything or not (len(self._pairs.values) or len(self._known_bags.values)):
            return passed
        texts, of, first = _texts(rows)
        words, owners = hashes(texts)
        runs, at = neighbours(words, owners, self.ngram)
        passed[of[at[self._known_runs.find(runs)[0]]]] = True
        passed[of[self._known_bags.find(_sums(words, owners, len(texts)))[0]]] = True
        passed[self._known_bags.find(_sums(words, of[owners], len(rows)))[0]] = True
        pairs, at = neighbours(words, owners, 2)
        if self._single:
            pairs, at = np.concatenate([pairs, words]), np.concatenate([at, owners])
        asked = np.bincount(of, weights=np.bincount(owners, minlength=len(texts)) * first, minlength=len(rows))
        row, problem = self._met(pairs, of[at], asked)
        undecided = ~passed[row]
        row, problem = row[undecided], problem[undecided]
        near = self._near(pairs, of[at], first[at], row, problem)
        passed[row[near]] = True
        return passed

    def _met(self, pairs: np.ndarray, of: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(row, problem) where both have enough rare pairs, rows in order; `of` the row of each pair, `asked` words of each row.

        A pair that a row repeats counts each time: more may pass, none is lost."""
        found, at = self._rare.find(pairs)
        which, spread = _spread(self._starts[at], self._starts[at + 1] - self._starts[at])
        met = of[found[which]] * self._total + self._problems[spread]
        if len(met) and met.max() < 2**31:
            met = met.astype(np.int32)  # sorts faster
        met, counts = np.unique(met, return_counts=True)
        row, problem = np.divmod(met, self._total)
        enough = counts >= np.minimum(self._needs[problem], np.maximum(FEWEST, OF_ROW * asked[row]))
        return row[enough], problem[enough]

    def _near(self, pairs: np.ndarray, of: np.ndarray, first: np.ndarray, row: np.ndarray, problem: np.ndarray) -> np.ndarray:
        """For each (row, problem) whether they share enough weight; `first`: whether a pair is of what the user says.

        What both share counts once. What a row repeats counts each time in its own weight, which TAKEN leaves room for."""
        rows, which = np.unique(row, return_inverse=True)
        number = np.full(int(of.max(initial=0)) + 1, -1)
        number[rows] = np.arange(len(rows))
        chosen = number[of] >= 0
        pairs, of, first = pairs[chosen], number[of[chosen]], first[chosen]
        order = np.argsort(of, kind="stable")
        pairs, of, first = pairs[order], of[order], first[order]
        weights = np.full(len(pairs), self._unseen)
        known = np.full(len(pairs), -1)
        found, at = self._pairs.find(pairs)
        known[found], weights[found] = at, self._weights[at]
        masses = np.bincount(of[first], weights=weights[first], minlength=len(rows))
        starts = np.searchsorted(of, np.arange(len(rows) + 1))
        one, spread = _spread(starts[which], starts[which + 1] - starts[which])
        member = known[spread] * self._total + problem[one]
        at = np.minimum(np.searchsorted(self._members, member), len(self._members) - 1)
        hits = np.flatnonzero(self._members[at] == member)
        both, once = np.unique(one[hits] * len(self._pairs.values) + known[spread[hits]], return_index=True)
        shared = np.bincount(both // len(self._pairs.values), weights=weights[spread[hits[once]]], minlength=len(row))
        return (shared >= HOLDS * self._masses[problem]) | (shared >= TAKEN * masses[which])


def _spread(starts: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For ranges: of each place in them the number of its range, and the place."""
    which = np.repeat(np.arange(len(starts)), lengths)
    offsets = starts - np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])[:-1]
    return which, np.arange(len(which)) + offsets[which]


def _signature(core: list[str]) -> np.ndarray:
    """Pairs of words within the lines, each once; of lines of one word, the words."""
    words, owners = hashes(core)
    pairs, _ = neighbours(words, owners, 2)
    return np.unique(pairs if len(pairs) else words)


def _sums(words: np.ndarray, owners: np.ndarray, count: int) -> np.ndarray:
    """For each text the sum of its words' hashes: the same in any order."""
    with np.errstate(over="ignore"):
        total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(words)])
        bounds = np.searchsorted(owners, np.arange(count + 1))
        return total[bounds[1:]] - total[bounds[:-1]]


def _texts(rows: list[Row]) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The texts of all rows; for each the number of its row, and whether it is what the user says.

    That comes also without the lines on how to mark the answer."""
    texts: list[str] = []
    counts: list[int] = []
    first: list[int] = []
    for row in rows:
        before = len(texts)
        first.append(before)
        turns = row["messages"]
        said = turns[0]["content"] if len(turns) == 1 else "\n".join(t["content"] for t in turns if t["role"] == "user")
        mark = said.find("boxed")
        if mark < 0:
            texts.append(said)
        elif (cut := said.rfind("\n", 0, mark)) >= 0 and said.find("\n", mark) < 0:
            texts.append(said[:cut])
            texts.append(said[cut:])
        else:
            texts.append(said)
            texts.append("\n".join(line for line in said.split("\n") if "boxed" not in line))
        if len(turns) > 1:
            texts += [turn["content"] for turn in turns if turn["role"] != "user"]
        if "completion" in row:
            texts.append(row["completion"])
        if "chosen" in row:
            texts += [turn["content"] for name in ("chosen", "rejected") for turn in row[name]]
        counts.append(len(texts) - before)
    asked = np.zeros(len(texts), bool)
    asked[first] = True
    return texts, np.repeat(np.arange(len(rows)), counts), asked
