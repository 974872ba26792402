"""Which problems rest, for how long, and how the others are weighted."""

import json
from types import SimpleNamespace

import pytest

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.errors import StageFailure, UserError
from openqwq.train.difficulty import Difficulty
from openqwq.train.pool import ProblemPool


def rows(identifier, *rewards, verdict=None):
    """A group: a reward of None is an unscorable completion."""
    return [
        {
            "problem_id": identifier,
            "verdict": verdict or ("unscorable" if r is None else "correct" if r == 1 else "incorrect"),
            "score": r,
            "reward": r,
        }
        for r in rewards
    ]


def rest_of(difficulty, identifier, step):
    """For how many steps after `step` the problem rests."""
    return next(n for n in range(100) if not difficulty.rests(identifier, step + n + 1))


@pytest.mark.parametrize(("outcome", "kind"), [(1.0, 0), (0.0, 1), (0.5, 1), (None, 1)])
def test_a_group_without_variance_rests_twice_as_long_each_time(outcome, kind):
    difficulty = Difficulty({}, rest=3)
    for step, expected in ((1, 3), (10, 6), (40, 12)):
        difficulty.observe(step, rows("a", outcome, outcome))
        assert rest_of(difficulty, "a", step) == expected
    assert difficulty.resting(41)[kind] == 1
    assert sum(difficulty.resting(41)) == 1
    assert sum(difficulty.resting(53)) == 0


def test_a_live_group_is_available_at_once_and_forgets_the_rests_before():
    difficulty = Difficulty({}, rest=3)
    difficulty.observe(1, rows("a", 0, 0) + rows("b", 1, 1))
    difficulty.observe(2, rows("a", 0, 0))
    difficulty.observe(9, rows("a", 0, 1))
    assert rest_of(difficulty, "a", 9) == 0
    difficulty.observe(10, rows("a", 0, 0))
    assert rest_of(difficulty, "a", 10) == 3


def test_from_unsolved_to_solved_out_the_rest_begins_anew():
    difficulty = Difficulty({}, rest=2)
    difficulty.observe(1, rows("a", 0, 0))
    difficulty.observe(4, rows("a", 0, 0))
    difficulty.observe(9, rows("a", 1, 1, None))
    assert rest_of(difficulty, "a", 9) == 2
    assert difficulty.resting(10) == (1, 0)


def test_rest_0_never_sets_aside():
    difficulty = Difficulty({}, rest=0)
    difficulty.observe(1, rows("a", 0, 0))
    assert not difficulty.rests("a", 2)


def test_what_varies_most_weighs_most_and_newer_groups_count_more():
    difficulty = Difficulty({"easy": (4, 4), "even": (2, 4), "hard": (0, 4)}, rest=0)
    assert difficulty.weight("easy") == pytest.approx(5 / 6 * 1 / 6) == difficulty.weight("hard")
    assert difficulty.weight("even") == difficulty.weight("never seen") == 0.25
    difficulty.observe(1, rows("hard", 1, 1, 0, 0))
    assert difficulty.weight("hard") == pytest.approx((3 / 8) * (5 / 8))  # (0/2 + 2 + 1) of (4/2 + 4 + 2)
    for step in range(2, 30):
        difficulty.observe(step, rows("even", 1, 1, 1, 1))
        assert difficulty.weight("even") > 0


def test_the_expected_share_is_that_of_the_last_steps_and_of_this_one():
    difficulty = Difficulty({}, rest=0)
    assert difficulty.expected_share(0, 0) == 1
    assert difficulty.expected_share(9, 0) == 0.1
    for step in range(1, 8):
        difficulty.observe(step, rows("a", 0, 1) + rows("b", 0, 0) if step > 4 else rows("a", 0, 0))
    assert difficulty.expected_share(0, 0) == 4 / 7
    assert difficulty.expected_share(3, 0) == 4 / 10


def test_where_all_rest_those_come_back_that_were_drawn_the_longest_ago():
    mix = SimpleNamespace(weight=1.0)
    pool = ProblemPool({"math": [{"id": i} for i in "abcd"]}, SimpleNamespace(domains={"math": mix}), 1)
    difficulty = Difficulty({}, rest=50)
    for step, identifier in enumerate("cabd", 1):
        difficulty.observe(step, rows(identifier, 0, 0))
    assert [p["id"] for p in pool.draw(5, 0, 3, set(), difficulty)] == ["c", "a", "b"]
    difficulty.observe(5, rows("d", 0, 1))
    assert [p["id"] for p in pool.draw(6, 0, 3, set(), difficulty)] == ["d", "c", "a"]


def test_a_domain_whose_problems_all_rest_gives_way_to_the_others():
    domains = {"math": [{"id": f"m{i}"} for i in range(4)], "code": [{"id": f"c{i}"} for i in range(4)]}
    mixes = {"math": SimpleNamespace(weight=1.0), "code": SimpleNamespace(weight=9.0)}
    pool = ProblemPool(domains, SimpleNamespace(domains=mixes), 1)
    difficulty = Difficulty({}, rest=4)
    difficulty.observe(1, [row for i in range(4) for row in rows(f"c{i}", 0, 0)])
    assert {p["id"][0] for p in pool.draw(2, 0, 4, set(), difficulty)} == {"m"}
    assert "c" in {p["id"][0] for p in pool.draw(6, 0, 4, set(), difficulty)}


def stored(identifier, *rewards):
    filler = {"domain": "math", "prompt": "?", "text": "!", "tokens": 1, "finish_reason": "stop", "verifier": "math"}
    filler |= {"reference": json.dumps({}), "reason": "", "rewards": [], "seconds": 0.0, "step": 1}
    return [row | filler | {"sample": number} for number, row in enumerate(rows(identifier, *rewards))]


def test_it_is_read_back_from_the_tables_and_a_missing_or_torn_one_is_named(tmp_path):
    write_table(tmp_path / "step-00001.parquet", stored("a", 0, 0) + stored("b", 1, 0), ROLLOUT)
    write_table(tmp_path / "step-00002.parquet", stored("b", 1, 1), ROLLOUT)
    write_table(tmp_path / "step-00003.parquet", stored("a", 1, 0), ROLLOUT)
    carried = Difficulty({"a": (1, 2)}, 4)
    carried.observe(1, rows("a", 0, 0) + rows("b", 1, 0))
    carried.observe(2, rows("b", 1, 1))
    read = Difficulty.after(range(1, 3), tmp_path, {"a": (1, 2)}, 4)
    assert (read.records, read.shares, read.step) == (carried.records, carried.shares, 2)
    (tmp_path / "step-00002.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match=r"step-00002\.parquet: not a readable parquet file"):
        Difficulty.after(range(1, 3), tmp_path, {}, 4)
    (tmp_path / "step-00002.parquet").unlink()
    with pytest.raises(StageFailure, match=r"step-00002\.parquet: the rollouts of step 2 are missing"):
        Difficulty.after(range(1, 4), tmp_path, {}, 4)
