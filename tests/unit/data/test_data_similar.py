"""Similar problems are those that a plain search through all of them finds."""

import math
import random
from collections import Counter
from itertools import pairwise

import pytest

from openqwq.data.steps.similar import HOLDS, LEAST, RARE, TAKEN, TELLING, TRIED, SimilarProblems

TEXT = "find the sum of all positive integers such that number is divisible by three and x y z with 7 12 apples in a box"
WORDS = TEXT.split(" ")


def plainly(problems, text):
    """The places of the similar problems, in the order in which they are found."""
    sets = [set(pairwise(problem.split(" "))) for problem in problems]
    counts = Counter(pair for pairs in sets for pair in pairs)
    total = len(sets) + 1

    def weight(pairs):
        return math.fsum(math.log(total / (counts[p] + 0.5)) if p in counts else math.log(2 * total) for p in pairs)

    row = set(pairwise(text.split(" ")))
    met = [(-sum(counts[pair] <= RARE for pair in row & pairs), number) for number, pairs in enumerate(sets)]
    found = []
    for hits, number in sorted(met)[:TRIED]:
        shared = weight(row & sets[number])
        enough = shared >= HOLDS * weight(sets[number]) or shared >= TAKEN * weight(row)
        if hits and enough and shared >= max(LEAST, TELLING * math.log(total / 1.5)):
            found.append(("bench", str(number)))
    return found


@pytest.mark.parametrize("seed", range(10))
def test_what_is_found_is_what_a_plain_search_finds(seed):
    rng = random.Random(seed)
    problems = [" ".join(rng.choice(WORDS) for _ in range(rng.randint(2, 30))) for _ in range(60)]
    problems += problems[:3]  # of equal ones the first are tried
    index = SimilarProblems()
    for number, problem in enumerate(problems):
        index.add(problem, ("bench", str(number)), False)
    index.settle()
    hit = 0
    for problem in problems:
        words = problem.split(" ")
        for at in rng.sample(range(len(words)), len(words) // 10):
            words[at] = rng.choice(WORDS)
        for text in (" ".join(words), " ".join(words[len(words) // 2 :]), " ".join(words[::-1]), words[0]):
            expected = plainly(problems, text)
            assert [place for place, _ in index.find(text, False)] == expected
            hit += len(expected)
    assert hit


def test_an_index_without_problems_finds_nothing():
    index = SimilarProblems()
    index.add("single", ("bench", "0"), False)
    index.settle()
    assert list(index.find("find the sum", False)) == []


def test_generated_problems_are_not_similar_to_generated_rows():
    index = SimilarProblems()
    for number, text in enumerate([TEXT, *(f"how many {word} are there" for word in WORDS)]):
        index.add(text, ("bench", str(number)), True)
    index.settle()
    assert list(index.find(TEXT, True)) == []
    assert list(index.find(TEXT, False)) == [(("bench", "0"), TEXT)]
