"""The loop of similar.py over pairs and problems."""

from typing import Any, NamedTuple

import numpy as np

from openqwq.data.steps.compiled import compiled


class Shares(NamedTuple):
    """Pairs and problems by number. Of each pair that is rare its problems are `owners[starts[pair] : starts[pair + 1]]`; of each
    problem its pairs are `members[bounds[problem] : bounds[problem + 1]]`."""

    starts: np.ndarray
    owners: np.ndarray
    weights: np.ndarray  # of each pair
    bounds: np.ndarray
    members: np.ndarray
    masses: np.ndarray  # of each problem the weight of its pairs
    unseen: float  # weight of a pair that no problem has
    telling: float  # weight that both must share,
    holds: float  # and the share of the problem's,
    taken: float  # or of the row's
    tried: int


@compiled
def alike(pairs: Any, unknown: int, index: Shares) -> Any:
    """Of the `tried` problems that share the most rare pairs with a row, of equal ones the first, those that share enough weight,
    int64 (n,). `pairs`: the row's, each once, int64 (p,); `unknown`: how many more there are that no problem has."""
    hits = np.zeros(len(index.masses), np.int32)
    met = np.empty(len(index.masses) + 1, np.int64)
    had = np.zeros(len(index.weights), np.bool_)
    mass, count = unknown * index.unseen, 0
    for pair in pairs:
        had[pair] = True
        mass += index.weights[pair]
        for place in range(index.starts[pair], index.starts[pair + 1]):
            problem = index.owners[place]
            met[count] = problem
            count += hits[problem] == 0
            hits[problem] += 1
    found = np.empty(index.tried, np.int64)
    kept = 0
    for _ in range(min(index.tried, count)):
        best = met[0]
        for problem in met[:count]:
            if hits[problem] > hits[best] or (hits[problem] == hits[best] and problem < best):
                best = problem
        hits[best] = 0  # a problem met has had more
        shared = 0.0
        for place in range(index.bounds[best], index.bounds[best + 1]):
            pair = index.members[place]
            shared += index.weights[pair] if had[pair] else 0.0
        if shared >= index.telling and (shared >= index.holds * index.masses[best] or shared >= index.taken * mass):
            found[kept] = best
            kept += 1
    return found[:kept]
