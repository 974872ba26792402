"""Dealing: rollouts to processes, and rows that fill the last batch."""

from openqwq.generate import Sample
from openqwq.train.deal import deal, tokens
from openqwq.train.order import filled
from openqwq.train.rollouts import Rollout


def group(name, lengths, advantage=1.0):
    return [
        Rollout({"id": name}, n, name, Sample("", [1] * length, "stop"), advantage=advantage) for n, length in enumerate(lengths)
    ]


def names(hand):
    return sorted({rollout.prompt for rollout in hand})


def test_groups_stay_whole_and_tokens_are_even():
    groups = [group("a", [50] * 4), group("b", [20] * 4), group("c", [20] * 4), group("d", [12] * 4)]
    hands = deal(groups, 2)
    assert [names(hand) for hand in hands] == [["a"], ["b", "c", "d"]]
    assert [tokens(hand) for hand in hands] == [200, 208]


def test_groups_too_long_to_share_their_prompt_are_dealt_one_by_one():
    hands = deal([group("a", [6000, 5000, 2000, 1000])], 2)
    assert [sorted(r.number for r in hand) for hand in hands] == [[0, 3], [1, 2]]


def test_nobody_trains_on_what_has_no_advantage_and_one_process_on_all_else():
    masked = group("a", [1, 2]) + group("a", [3], None)
    assert [len(r.sample.token_ids) for r in deal([masked, group("b", [9])], 1)[0]] == [9, 1, 2]
    assert deal([], 2) == [[], []]
    assert deal([group("a", [4])], 3)[1:] == [[], []]


def test_rows_are_filled_up_with_rows_that_teach_nothing():
    rows = [{"input_ids": [1] * n, "completion_mask": [0, *[1] * (n - 1)]} for n in (5, 3, 4)]
    assert filled(rows, 3) == rows
    more = filled(rows, 4)
    assert more[:3] == rows
    assert more[3] == {"input_ids": [1] * 3, "completion_mask": [0] * 3}
    assert rows[1]["completion_mask"] == [0, 1, 1], "the row itself still teaches"
