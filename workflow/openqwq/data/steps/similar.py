"""Problems of an evaluation in slightly other words, or a part of one.

Two texts are compared by the pairs of neighbouring tokens that they share. A pair counts by how much it tells: the logarithm
of the number of evaluation problems over the number of those it stands in, so that `what is` counts next to nothing. A row
is similar to a problem when it holds most of it (a tenth of the words changed leaves about 0.8 of the pairs), or when most of
the row is taken from it (a problem cut in half), and enough is shared to tell it from others.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import chain, pairwise

from openqwq.data.steps.short_problems import Place

# Chosen on MATH and GSM8K, whose test sets were altered and looked for in their training sets (benchmarks/curation.py).
HOLDS = 0.7  # share of the problem that the row has
TAKEN = 0.8  # share of the row that the problem has
TELLING = 2.25  # what both must share, in pairs that no other problem has,
LEAST = 15.0  # and in weight, where an evaluation is too small to say what is common
RARE = 12  # rows and problems meet by the pairs that stand in at most so many problems
TRIED = 3  # problems with which a row is compared in full: those that share the most rare pairs

Pair = tuple[str, str]


class SimilarProblems:
    """An index of the problems by their pairs of tokens. `settle` is called after the last `add`."""

    def __init__(self) -> None:
        self._problems: list[tuple[frozenset[Pair], Place, bool]] = []
        self._weights: dict[Pair, float] = {}
        self._masses: list[float] = []
        self._rare: dict[Pair, list[int]] = {}
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
        rare: dict[Pair, list[int]] = defaultdict(list)
        for number, (pairs, _, _) in enumerate(self._problems):
            for pair in pairs:
                if counts[pair] <= RARE:
                    rare[pair].append(number)
        self._rare = dict(rare)

    def find(self, text: str, generated: bool) -> Iterator[tuple[Place, str]]:
        """The problems to which a text is similar, and the tokens that both share, in the order of the text."""
        tokens = text.split(" ")
        pairs = set(pairwise(tokens))
        met = Counter(chain.from_iterable(map(self._rare.__getitem__, pairs & self._rare.keys())))
        for _, number in sorted((-count, number) for number, count in met.items())[:TRIED]:
            if self._alike(pairs, number, generated):
                problem, place, _ = self._problems[number]
                common = [pair in problem for pair in pairwise(tokens)]
                kept = [a or b for a, b in zip([*common, False], [False, *common], strict=True)]
                yield place, " ".join(token for token, keep in zip(tokens, kept, strict=True) if keep)

    def _alike(self, pairs: set[Pair], number: int, generated: bool) -> bool:
        problem, _, theirs = self._problems[number]
        if generated and theirs:
            return False
        shared = math.fsum(map(self._weights.__getitem__, pairs & problem))
        if shared < self._telling:
            return False
        if shared >= HOLDS * self._masses[number]:
            return True
        return shared >= TAKEN * math.fsum(self._weights.get(pair, self._unseen) for pair in pairs)
