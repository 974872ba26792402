"""Problems of an evaluation in slightly other words, or a part of one.

Two texts are compared by the pairs of neighbouring tokens that they share. A pair counts by how much it tells: the logarithm
of the number of evaluation problems over the number of those it stands in, so that `what is` counts next to nothing. A row
is similar to a problem when it holds most of it (a tenth of the words changed leaves about 0.8 of the pairs), or when most of
the row is taken from it (a problem cut in half), and enough is shared to tell it from others.
"""

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from openqwq.data.steps.shares import Shares, alike
from openqwq.data.steps.short_problems import Place

# Chosen on MATH and GSM8K, whose test sets were altered and looked for in their training sets (benchmarks/curation.py).
HOLDS = 0.7  # share of the problem that the row has
TAKEN = 0.8  # share of the row that the problem has
TELLING = 2.25  # what both must share, in pairs that no other problem has,
LEAST = 15.0  # and in weight, where an evaluation is too small to say what is common
RARE = 12  # rows and problems meet by the pairs that stand in at most so many problems
LEEWAY = 1 - 1e-9  # for sums that rounding has made smaller
TRIED = 3  # problems with which a row is compared in full: those that share the most rare pairs

Pair = tuple[str, str]


class SimilarProblems:
    """An index of the problems by their pairs of tokens. `settle` is called after the last `add`."""

    def __init__(self) -> None:
        self._problems: list[tuple[frozenset[Pair], Place, bool]] = []
        self._weights: dict[Pair, float] = {}
        self._masses: list[float] = []
        self._numbers: dict[Pair, int] = {}
        self._unseen = self._telling = 0.0

    def add(self, text: str, place: Place, generated: bool) -> None:
        """`text`: the problem's tokens, joined by spaces."""
        pairs = frozenset(pairwise(text.split(" ")))
        if pairs:
            self._problems.append((pairs, place, generated))

    def settle(self) -> None:
        """Weighs the pairs."""
        counts = Counter(pair for pairs, _, _ in self._problems for pair in pairs)
        total = len(self._problems) + 1
        self._unseen = math.log(2 * total)
        self._telling = max(LEAST, TELLING * math.log(total / 1.5))
        self._weights = {pair: math.log(total / (count + 0.5)) for pair, count in counts.items()}
        self._masses = [math.fsum(self._weights[pair] for pair in pairs) for pairs, _, _ in self._problems]
        self._numbers = {pair: number for number, pair in enumerate(counts)}
        members = [np.array([self._numbers[pair] for pair in pairs], np.int64) for pairs, _, _ in self._problems]
        lengths = [len(one) for one in members]
        flat = np.concatenate([*members, np.zeros(0, np.int64)])
        owners = np.repeat(np.arange(len(members)), lengths)
        rare = np.flatnonzero(np.array([*counts.values(), 0])[flat] <= RARE)
        order = rare[np.argsort(flat[rare], kind="stable")]
        self._index = Shares(
            starts=np.searchsorted(flat[order], np.arange(len(counts) + 1)),
            owners=owners[order],
            weights=np.array([*self._weights.values()], np.float64),
            bounds=np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)]),
            members=flat,
            masses=np.array(self._masses, np.float64),
            unseen=self._unseen,
            telling=self._telling * LEEWAY,
            holds=HOLDS * LEEWAY,
            taken=TAKEN * LEEWAY,
            tried=TRIED,
        )

    def find(self, text: str, generated: bool) -> Iterator[tuple[Place, str]]:
        """The problems to which a text is similar, and the tokens that both share, in the order of the text."""
        tokens = text.split(" ")
        pairs = set(pairwise(tokens))
        known = [number for pair in pairs if (number := self._numbers.get(pair)) is not None]
        for number in alike(np.array(known, np.int64), len(pairs) - len(known), self._index).tolist():
            problem, place, theirs = self._problems[number]
            if not (generated and theirs) and self._alike(pairs, number):
                common = [pair in problem for pair in pairwise(tokens)]
                kept = [a or b for a, b in zip([*common, False], [False, *common], strict=True)]
                yield place, " ".join(token for token, keep in zip(tokens, kept, strict=True) if keep)

    def _alike(self, pairs: set[Pair], number: int) -> bool:
        """The verdict, from sums that no order changes: the loop adds as the pairs come."""
        shared = math.fsum(self._weights[pair] for pair in pairs & self._problems[number][0])
        if shared < self._telling:
            return False
        if shared >= HOLDS * self._masses[number]:
            return True
        return shared >= TAKEN * math.fsum(self._weights.get(pair, self._unseen) for pair in pairs)
