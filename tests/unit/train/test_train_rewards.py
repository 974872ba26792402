"""Advantages, rewards and the pool: pure parts of RL."""

import json
import statistics
from collections import Counter
from pathlib import Path

import pytest

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import PROBLEM, PROFILE
from openqwq.config.train import GrpoConfig
from openqwq.errors import UserError
from openqwq.train.advantages import advantages, is_live
from openqwq.train.difficulty import Difficulty
from openqwq.train.pool import load_pool
from openqwq.train.rewards import Judgement, form, rewards_of
from openqwq.train.squash import Squash
from openqwq.verify.verdict import correct, incorrect, unscorable

GOOD = "<think>\n2 + 2 = 4\n</think>\n\n\\boxed{4}"


def test_advantages_are_centred_and_scaled():
    values = advantages([1.0, 0.0, 0.0, 1.0], scale=True)
    assert values == pytest.approx([0.8659, -0.8659, -0.8659, 0.8659], abs=1e-3)
    assert statistics.fmean(advantages([3.0, 1.0, 2.0], scale=False)) == pytest.approx(0)
    assert advantages([3.0, 1.0], scale=False) == [1.0, -1.0]


def test_an_unscorable_completion_neither_gets_nor_shifts_an_advantage():
    with_hole = advantages([1.0, None, 0.0], scale=True)
    assert with_hole[1] is None
    assert [with_hole[0], with_hole[2]] == advantages([1.0, 0.0], scale=True)
    assert advantages([None, 1.0], scale=True) == [None, 0.0]


@pytest.mark.parametrize(
    ("rewards", "live"), [([1.0, 0.0], True), ([1.0, 1.0], False), ([None, 1.0], False), ([None, 1.0, 0.5], True), ([], False)]
)
def test_a_group_is_live_when_known_rewards_differ(rewards, live):
    assert is_live(rewards) is live


@pytest.mark.parametrize(
    ("text", "reward"),
    [
        (GOOD, 1.0),
        ("2 + 2 = 4\n</think>\n\n\\boxed{4}", 1.0),  # the template wrote the opening tag
        ("<think></think>\\boxed{4}", 0.0),
        ("<think>\n \n</think>\\boxed{4}", 0.0),
        ("<think>2 + 2</think>", 0.0),
        ("<think>2 + 2", 0.0),
        ("\\boxed{4}", 0.0),
        (GOOD + GOOD, 0.0),
        ("<think>a</think><think>b</think>4", 0.0),
    ],
)
def test_the_format_reward_pays_for_thinking_and_an_answer_not_for_tags(text, reward):
    assert form(Judgement(text, None, None)) == reward


def test_rewards_are_weighted_and_kept_by_name():
    weights = {"accuracy": 1.0, "format": 0.1, "reward_model": 0.5}
    values, total = rewards_of(Judgement(GOOD, correct(), 0.4), weights)
    assert values == {"accuracy": 1.0, "format": 1.0, "reward_model": 0.4}
    assert total == pytest.approx(1.3)
    assert rewards_of(Judgement("x", incorrect("half", 0.5), None), {"accuracy": 1.0})[1] == 0.5


def test_an_unscorable_completion_loses_all_its_rewards():
    assert rewards_of(Judgement(GOOD, unscorable("broken gold"), 0.9), {"accuracy": 1.0, "format": 0.1}) == ({}, None)


def test_a_reward_model_that_was_not_asked_is_a_fault_not_a_zero():
    with pytest.raises(ValueError, match="has not scored"):
        rewards_of(Judgement(GOOD, correct(), None), {"reward_model": 1.0})


def test_the_gate_lets_the_reward_model_count_only_where_the_rules_hold():
    weights = {"accuracy": 1.0, "reward_model": 0.5}
    assert rewards_of(Judgement(GOOD, correct(), 0.4), weights, gated=True)[1] == pytest.approx(1.2)
    values, total = rewards_of(Judgement(GOOD, incorrect("half", 0.5), 0.98), weights, gated=True)
    assert values == {"accuracy": 0.5, "reward_model": 0.0}
    assert total == 0.5
    assert rewards_of(Judgement(GOOD, incorrect("half", 0.5), 0.98), weights)[1] == pytest.approx(0.99)
    assert rewards_of(Judgement(GOOD, unscorable("x"), 0.98), weights, gated=True) == ({}, None)


def test_scores_are_standardised_cut_and_squashed():
    squash = Squash(mean=1.0, deviation=2.0, clip=2.0)
    assert squash([1.0, 3.0, -1.0]) == pytest.approx([0.5, 0.7310586, 0.2689414])
    assert squash([1e9, -1e9]) == squash([5.0, -3.0]) == pytest.approx([0.8807971, 0.1192029])
    assert Squash()([1e9]) == pytest.approx([0.9820138])
    assert squash([float("inf")]) == squash([5.0])


def problem(number, domain="math"):
    return {
        "id": f"{domain}{number}",
        "source": "s",
        "domain": domain,
        "messages": [{"role": "user", "content": f"{number} + 1?"}],
        "tools": None,
        "verifier": None if domain == "chat" else "math",
        "reference": json.dumps({"answer": str(number + 1)}),
        "metadata": None,
    }


def pool(tmp_path: Path, rates: dict[str, float | None], said=None, **changes):
    write_table(tmp_path / "problems.parquet", [problem(i, d) for d in ("math", "code", "chat") for i in range(10)], PROBLEM)
    rows = [
        {
            "problem_id": i,
            "domain": i.rstrip("0123456789"),
            "samples": 4,
            "correct": round(4 * (r or 0)),
            "unscorable": 0,
            "pass_rate": r,
            "mean_tokens": 1.0,
        }
        for i, r in rates.items()
    ]
    write_table(tmp_path / "profile.parquet", rows, PROFILE)
    settings = {"steps": 1, "optimizer": {"learning_rate": 1e-5}, "domains": {"math": {"weight": 3.0}, "code": {"weight": 1.0}}}
    config = GrpoConfig.model_validate_json(json.dumps(settings | changes))
    say = (said if said is not None else []).append
    return load_pool(tmp_path / "problems.parquet", tmp_path / "profile.parquet", config, 1, lambda p: len(p["id"]), say)


def test_the_window_applies_to_profiled_domains_only(tmp_path):
    said = []
    made = pool(tmp_path, {"math0": 0.0, "math1": 0.5, "math2": 1.0, "math3": 0.1, "math4": None}, said)
    assert [p["id"] for p in made.by_domain["math"]] == ["math1", "math3"]
    assert len(made.by_domain["code"]) == 10
    assert {"left out: 5 math without a profile", "left out: 3 math outside the pass-rate window [0.1, 0.9]"} <= set(said)


def test_problems_without_a_profile_are_drawn_where_the_stage_says_so(tmp_path):
    said = []
    made = pool(tmp_path, {"math0": 0.0, "math1": 0.5}, said, unprofiled=True)
    assert [p["id"] for p in made.by_domain["math"]] == [f"math{i}" for i in range(1, 10)]
    assert said[0] == "left out: 1 math outside the pass-rate window [0.1, 0.9]"
    assert said[-1] == "without a profile: 8 math problems"


def test_of_problems_without_a_profile_only_those_with_a_verifier_are_drawn(tmp_path):
    """The profile leaves problems without a verifier out, and whatever they draw would get no accuracy."""
    said = []
    chat = {"chat": {"rewards": {"format": 1.0}}}
    with pytest.raises(UserError, match="no chat problem is left"):
        pool(tmp_path, {"chat0": 0.0}, said, unprofiled=True, domains=chat)
    assert "left out: 9 chat without a profile" in said


def test_a_profile_of_all_leaves_nothing_unprofiled(tmp_path):
    with pytest.raises(UserError, match=r"every problem of the stage's profiled domains has a profile.*Leave it out"):
        pool(tmp_path, {f"math{i}": 0.5 for i in range(10)}, unprofiled=True)


def test_long_prompts_are_left_out_aloud(tmp_path):
    said = []
    with pytest.raises(UserError, match="10 math over 4 prompt tokens"):
        pool(tmp_path, {}, said, max_prompt_tokens=4)


def test_a_domain_without_problems_is_named(tmp_path):
    with pytest.raises(UserError, match=r"no math problem is left.*widen pass_rate"):
        pool(tmp_path, {"math0": 0.0})


def test_accuracy_where_nothing_has_a_verifier_is_refused(tmp_path):
    assert len(pool(tmp_path, {}, domains={"chat": {"rewards": {"format": 1.0}}}).by_domain["chat"]) == 10
    with pytest.raises(UserError, match="no chat problem has a verifier, so the reward accuracy would always be 0"):
        pool(tmp_path, {}, domains={"math": {}, "chat": {"rewards": {"accuracy": 1.0, "format": 0.1}}})


def test_a_gate_by_rules_refuses_a_problem_without_them(tmp_path):
    gated = {"chat": {"rewards": {"reward_model": 1.0}, "reward_model_gate": "rules"}}
    ruled = {"math": {"rewards": {"accuracy": 1.0, "reward_model": 1.0}, "reward_model_gate": "rules"}}
    assert pool(tmp_path, {}, domains=ruled).by_domain["math"]
    with pytest.raises(UserError, match=r"the chat problem chat0 of s has no verifier, and with reward_model_gate: rules"):
        pool(tmp_path, {}, domains=gated)


def test_a_draw_follows_seed_step_and_round_and_does_not_repeat(tmp_path):
    made, easy = pool(tmp_path, {}), Difficulty({}, 4)
    first = [p["id"] for p in made.draw(1, 0, 8, set(), easy)]
    assert first == [p["id"] for p in made.draw(1, 0, 8, set(), easy)]
    assert first != [p["id"] for p in made.draw(2, 0, 8, set(), easy)]
    assert len(set(first)) == 8
    assert not set(first) & {p["id"] for p in made.draw(1, 1, 8, set(first), easy)}
    assert len(made.draw(1, 0, 100, set(), easy)) == 20
    counts = [p["domain"] for step in range(200) for p in made.draw(step, 0, 1, set(), easy)]
    assert counts.count("math") / len(counts) == pytest.approx(0.75, abs=0.09)


def test_the_profile_decides_what_is_drawn_first_and_leaves_nothing_out(tmp_path):
    rates = {f"math{i}": i / 4 for i in range(5)} | {f"math{i}": None for i in range(5, 10)}
    made = pool(tmp_path, rates, pass_rate=[0.0, 1.0], domains={"math": {}})
    assert made.profile == {f"math{i}": (i, 4) for i in range(5)}
    profiled = Difficulty(made.profile, 4)
    drawn = Counter(p["id"] for step in range(600) for p in made.draw(step, 0, 1, set(), profiled))
    # Laplace's rule: rates 1/6, 1/2, 5/6 have weights in the ratio 5 : 9 : 5.
    assert drawn["math2"] / drawn["math0"] == pytest.approx(9 / 5, rel=0.3)
    assert drawn["math2"] / drawn["math4"] == pytest.approx(9 / 5, rel=0.3)
    assert set(drawn) == {f"math{i}" for i in range(5)}
