"""Dealing: rollouts to processes, and rows that fill the last batch."""

import pytest

from openqwq.generate import Sample
from openqwq.train.deal import deal
from openqwq.train.order import filled
from openqwq.train.rollouts import Rollout


def group(name, lengths):
    return [Rollout({"id": name}, n, name, Sample("", [1] * length, "stop")) for n, length in enumerate(lengths)]


def names(hand):
    return sorted({rollout.prompt for rollout in hand})


def test_groups_stay_whole_and_tokens_are_even():
    groups = [group("a", [50] * 4), group("b", [20] * 4), group("c", [20] * 4), group("d", [12] * 4)]
    hands = deal(groups, 2, 12)
    assert [names(hand) for hand in hands] == [["a"], ["b", "c", "d"]]
    assert sum(map(len, hands)) == 16


def test_what_fits_nowhere_whole_is_dealt_one_by_one():
    groups = [group(name, [10, 20, 30, 40]) for name in "abc"]
    hands = deal(groups, 2, 6)
    assert [len(hand) for hand in hands] == [6, 6]
    assert {(r.prompt, r.number) for hand in hands for r in hand} == {(g, n) for g in "abc" for n in range(4)}
    tokens = [sum(len(r.sample.token_ids) for r in hand) for hand in hands]
    assert abs(tokens[0] - tokens[1]) <= 40


def test_one_process_gets_all_and_too_many_fit_nowhere():
    groups = [group("a", [1, 2]), group("b", [3])]
    assert len(deal(groups, 1, 3)[0]) == 3
    assert deal([], 2, 4) == [[], []]
    with pytest.raises(ValueError, match="3 rollouts do not fit 1 processes of 2"):
        deal(groups, 1, 2)


def test_rows_are_filled_up_with_rows_that_teach_nothing():
    rows = [{"input_ids": [1] * n, "completion_mask": [0, *[1] * (n - 1)]} for n in (5, 3, 4)]
    assert filled(rows, 3) == rows
    more = filled(rows, 4)
    assert more[:3] == rows
    assert more[3] == {"input_ids": [1] * 3, "completion_mask": [0] * 3}
    assert rows[1]["completion_mask"] == [0, 1, 1], "the row itself still teaches"
