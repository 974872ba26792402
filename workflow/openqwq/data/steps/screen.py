"""Which rows of a batch may touch an evaluation at all. Most do not, and are not looked at one by one.

A row passes when, in words alone (wordhash.py), it has one of these in common with an evaluation problem; each is necessary
for the rules named:

- enough pairs of neighbouring words that are rare among the problems, and then a share of all pairs, weighed by how much they
  tell: of `exact` and `short` all of them, and `similar` is looked for nowhere else;
- a run of n words: `ngram`, and `exact` for whole problems, whose first run is added;
- all words, in any order: `reordered`.

Here the index is made; the loop over rows is in touching.py.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from openqwq.data.rows import Row
from openqwq.data.steps.touching import Index, known, neighbours, touching
from openqwq.data.steps.wordhash import hashes

RARE = 12  # a pair in at most so many problems is rare, and so are, of each problem,
MEETING = 8  # its rarest ones
OF_PROBLEM, OF_ROW = 0.3, 0.12  # of a problem's rare pairs, or as many as this share of a row's words, both must have
FEWEST = 1
HOLDS, TAKEN = 0.6, 0.65  # of the problem's weight, or of the row's; below those of similar.py, which sees signs as well


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
        said = [hashes(core) for core in self._cores]
        pairs = [_signature(words, counts) for words, counts in said]
        self.everything = any(not len(one) for one in pairs)  # a problem without words: no row can be ruled out
        self.nothing = not pairs
        total = max(1, len(pairs))
        flat = np.concatenate([*pairs, np.zeros(0, np.uint64)])
        values, numbers, counts = np.unique(flat, return_inverse=True, return_counts=True)
        lengths = np.array([len(one) for one in pairs], np.int64)
        owners = np.repeat(np.arange(len(pairs)), lengths)
        weights = np.log((total + 1) / (counts + 0.5))
        rarest = np.lexsort((numbers, counts[numbers], owners))
        place = np.arange(len(owners)) - np.searchsorted(owners, owners)  # of a pair among its problem's, the rarest first
        chosen = rarest[(counts[numbers[rarest]] <= RARE) | (place < MEETING)]
        order = chosen[np.argsort(numbers[chosen], kind="stable")]
        runs, each = neighbours(*hashes(self._runs), self.ngram)
        heads = (np.cumsum(each) - each)[each > 0]  # a run may have more words than it counts
        sums = [hashes([bag])[0].sum(dtype=np.uint64) for bag in self._bags]
        self._index = Index(
            ngram=self.ngram,
            single=any((counts < 2).all() for _, counts in said),
            runs=known(np.unique(runs[heads])),
            bags=known(np.unique(np.array(sums, np.uint64))),
            pairs=known(values),
            weights=weights,
            starts=np.searchsorted(numbers[order], np.arange(len(values) + 1)).astype(np.int32),
            owners=owners[order].astype(np.uint32),
            bounds=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]),
            members=numbers.astype(np.uint32),
            masses=np.bincount(owners, weights=weights[numbers], minlength=total),
            needs=np.ceil(OF_PROBLEM * np.bincount(owners[order], minlength=total)).astype(np.int64),
            unseen=math.log(2 * (total + 1)),
            fewest=float(FEWEST),
            of_row=OF_ROW,
            holds=HOLDS,
            taken=TAKEN,
        )
        self._cores, self._runs, self._bags = [], [], []

    def look(self, rows: list[Row]) -> dict[int, bool]:
        """The numbers of the rows that are to be looked at, in order; for each whether it may have a run of a problem."""
        if self.everything or self.nothing:
            return dict.fromkeys(range(len(rows)), True) if self.everything else {}
        texts, counts = _texts(rows)
        runs, passed = touching(*hashes(texts), counts, self._index)
        return {at: bool(runs[at]) for at in np.flatnonzero(runs | passed).tolist()}


def _signature(words: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Pairs of words within the lines, each once; of lines of one word, the words."""
    pairs, _ = neighbours(words, counts, 2)
    return np.unique(pairs if len(pairs) else words)


def _texts(rows: list[Row]) -> tuple[list[str], np.ndarray]:
    """(the texts of all rows, of each row what the user says first; how many are of each row, int64 (n,)).

    What the user says comes also without the lines on how to mark the answer."""
    texts: list[str] = []
    ends: list[int] = []
    for row in rows:
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
        ends.append(len(texts))
    return texts, np.diff(np.array(ends, np.int64), prepend=0)
