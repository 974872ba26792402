"""Pairs from verdicts, what is held out of training, and what the held-out pairs are said to show."""

import json
import math
import random

import pytest
from benchmarks.verdict_pairs import together
from pair_helpers import completion, encoded

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import COMPLETION, PAIR, PREFERENCE
from openqwq.config.reward import VerdictPairs
from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.train.control import shuffled
from openqwq.train.pair_accuracy import Scored, accuracy, balanced, calibration
from openqwq.train.pairs import preferences, separated
from openqwq.train.verdict_pairs import verdict_pairs


def made(tmp_path, rows, **config):
    write_table(tmp_path / "completions.parquet", rows, COMPLETION)
    settings = {"domains": ["math"], "held_out": 0.25} | config
    return verdict_pairs(tmp_path / "completions.parquet", VerdictPairs.model_validate_json(json.dumps(settings)), 1)


def both(problem, **changes):
    return [completion(problem, 0, "correct", **changes), completion(problem, 1, "incorrect", **changes)]


def test_a_pair_is_a_right_and_a_wrong_completion_of_one_problem_that_ended_by_themselves(tmp_path):
    rows = [row for i in range(8) for row in both(f"p{i}")]
    rows += [completion("never", s, "incorrect") for s in range(4)]
    rows += [completion("cut", 0, "correct"), completion("cut", 1, "incorrect", finish="length")]
    rows += [completion("unsure", 0, "correct"), completion("unsure", 1, "unscorable")]
    rows += both("other", domain="code")
    training, held_out = made(tmp_path, rows)
    pairs = training + held_out
    assert {pair.id for pair in pairs} == {f"p{i}" for i in range(8)}
    assert len(held_out) == 2
    assert all(pair.chosen.endswith(" correct") and pair.rejected.endswith("incorrect") for pair in pairs)
    assert {pair.source for pair in pairs} == {"verdicts/math"}
    assert {pair.samples for pair in pairs} == {(0, 1)}


def test_the_nearest_in_length_are_paired_and_no_text_twice(tmp_path):
    rows = [
        completion("p", 0, "correct", 10),
        completion("p", 1, "correct", 40),
        completion("p", 2, "incorrect", 41),
        completion("p", 3, "incorrect", 14),
        completion("p", 4, "incorrect", 80),
        completion("p", 5, "correct", 40, text="p 1 correct"),  # written twice
    ]
    training, held_out = made(tmp_path, [*rows, *both("q")], per_problem=4)
    assert {pair.samples for pair in training + held_out if pair.id == "p"} == {(1, 2), (0, 3)}
    training, held_out = made(tmp_path, [*rows, *both("q")], per_problem=1)
    assert {pair.samples for pair in training + held_out if pair.id == "p"} == {(1, 2)}


def test_a_problem_is_on_one_side_and_seeds_decide_which(tmp_path):
    rows = [row for i in range(40) for row in (*both(f"p{i}"), completion(f"p{i}", 2, "incorrect", text="x"))]
    training, held_out = made(tmp_path, rows, per_problem=2)
    assert not {pair.prompt for pair in training} & {pair.prompt for pair in held_out}
    assert len({pair.prompt for pair in held_out}) == 10
    assert (training, held_out) == made(tmp_path, rows, per_problem=2)
    bounded = made(tmp_path, rows, max=20)
    assert len(bounded[0]) + len(bounded[1]) == 20


def test_a_profile_without_both_verdicts_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match=r"1 problems of math have both.*leave reward_model\.verdict_pairs out"):
        made(tmp_path, [*both("p"), completion("q", 0, "correct")])
    with pytest.raises(UserError, match=r"max 1: no pair is left to"):
        made(tmp_path, [row for i in range(8) for row in both(f"p{i}")], max=1)


def test_a_prompt_that_is_held_out_anywhere_is_not_trained_on():
    said = []
    training = [encoded("a"), encoded("b"), encoded("c", chosen=50)]
    kept, rows = separated(training, [encoded("b", source="other")], 20, said.append)
    assert [one.pair.prompt for one in kept] == ["a"]
    assert [(row["split"], row["reason"]) for row in rows] == [
        ("train", None),
        ("left_out", "its prompt is held out"),
        ("left_out", "over 20 tokens"),
    ]
    assert "1 of 3 pairs are left out: its prompt is held out" in said


@pytest.mark.parametrize(("metadata", "margin"), [(None, 0.0), ('{"margin": 2}', 2.0), ("{}", 0.0)])
def test_a_margin_comes_from_the_metadata(tmp_path, tiny_model, metadata, margin):
    assert read(tmp_path, tiny_model, metadata)[0].margin == margin


@pytest.mark.parametrize("metadata", ['{"margin": -1}', '{"margin": "2"}', '{"margin": true}'])
def test_a_margin_that_is_none_is_named(tmp_path, tiny_model, metadata):
    with pytest.raises(UserError, match=r"the pair p of s has metadata\.margin"):
        read(tmp_path, tiny_model, metadata)


def read(tmp_path, tiny_model, metadata):
    said = [{"role": "assistant", "content": text} for text in ("yes", "no")]
    row = {"id": "p", "source": "s", "domain": "chat", "messages": [{"role": "user", "content": "q"}], "metadata": metadata}
    row |= {"tools": None, "verifier": None, "reference": None, "chosen": said[:1], "rejected": said[1:]}
    write_table(tmp_path / "eval.parquet", [row], PREFERENCE)
    return preferences(tmp_path / "eval.parquet", load_tokenizer(tiny_model))


def test_accuracy_is_told_by_source_and_by_length_beside_rules_of_length():
    held_out = [
        Scored(encoded("a", 10, 5, "one"), 1.0, 0.0),
        Scored(encoded("b", 10, 5, "one"), 0.0, 1.0),
        Scored(encoded("c", 5, 10, "two"), 2.0, 0.0),
        Scored(encoded("d", 100, 95, "two"), 1.0, 1.0),
    ]
    training = [encoded("x", 2, 9), encoded("y", 2, 9), encoded("z", 9, 2)]
    found = accuracy(held_out, training)
    assert found["value"] == pytest.approx(0.625)  # right, wrong, right, a tie
    assert found["low"] < 0.625 < found["high"]
    assert [(row["source"], row["n"], row["value"]) for row in found["by_source"]] == [("one", 2, 0.5), ("two", 2, 0.75)]
    assert [(row["chosen"], row["n"], row["value"]) for row in found["by_length"]] == [
        ("shorter", 1, 1.0),
        ("equal", 1, 0.5),
        ("longer", 2, 0.5),
    ]
    assert (found["balanced"]["n"], found["balanced"]["value"]) == (2, 0.75)  # of the second source: 5 shorter, 5 longer
    assert found["baselines"]["longer"]["value"] == 0.75
    assert (found["baselines"]["length"]["rule"], found["baselines"]["length"]["value"]) == ("shorter", 0.25)
    assert found["baselines"]["length"]["training"] == pytest.approx(2 / 3)
    json.dumps(found, allow_nan=False)


def test_pairs_are_balanced_in_length_by_leaving_out_those_that_differ_most():
    assert balanced([3, 1, 2, -9, 0]) == [1, 3, 4]
    assert balanced([-3, 0, 4, -1, 2]) == [0, 1, 2, 3, 4]
    assert balanced([1, 2]) == balanced([]) == []


def test_among_balanced_pairs_a_model_that_only_knows_length_knows_nothing():
    lengths = [(9 + i % 5, 9) for i in range(1, 60)] + [(9, 9 + i % 3) for i in range(1, 30)]
    held_out = [Scored(encoded(f"p{i}", *two), float(two[0]), float(two[1])) for i, two in enumerate(lengths)]
    found = accuracy(held_out, [encoded("x", 9, 2)])
    assert found["value"] > 0.6
    assert found["balanced"]["value"] == found["balanced"]["length"] == 0.5
    assert found["balanced"]["low"] < 0.5 < found["balanced"]["high"]
    assert found["balanced"]["n"] < found["n"]


def test_pairs_of_one_prompt_count_as_one_observation_in_the_interval():
    apart = accuracy([Scored(encoded(f"p{i}"), float(i % 3 > 0), 0.5) for i in range(60)], [encoded()])
    clustered = accuracy([Scored(encoded(f"p{i % 6}"), float(i % 3 > 0), 0.5) for i in range(60)], [encoded()])
    assert apart["value"] == pytest.approx(clustered["value"])
    assert clustered["prompts"] == 6
    assert clustered["high"] - clustered["low"] > 1.5 * (apart["high"] - apart["low"])


def test_calibration_is_near_zero_for_a_model_that_knows_its_chances_and_large_for_one_that_boasts():
    draw = random.Random(1)
    honest = []
    for _ in range(4000):
        difference = draw.gauss(0, 1.5)
        # The chosen side is the one that scores higher with exactly the predicted chance.
        honest.append(abs(difference) if draw.random() < 1 / (1 + math.exp(-abs(difference))) else -abs(difference))
    assert calibration(honest)["error"] < 0.03
    boasts = calibration([4 * d for d in honest])
    assert boasts["error"] > 0.1
    cells = calibration(honest)["cells"]
    assert sum(cell["n"] for cell in cells) == 4000
    assert all(cell["from"] <= cell["predicted"] <= cell["to"] for cell in cells)
    assert all(cell["low"] <= cell["observed"] <= cell["high"] for cell in cells)
    assert calibration([1e9])["cells"][0]["predicted"] == pytest.approx(1.0)


def test_the_control_swaps_half_of_the_pairs_and_the_same_ones_for_a_seed():
    pairs = [encoded(f"p{i}", 3, 5) for i in range(400)]
    swapped = shuffled(pairs, 1)
    changed = sum(len(one.chosen) == 5 for one in swapped)
    assert 150 < changed < 250
    assert all(len(one.pair.chosen) == len(one.chosen) for one in swapped)
    assert swapped == shuffled(pairs, 1)
    assert swapped != shuffled(pairs, 2)


def test_the_benchmark_counts_held_out_pairs_from_verdicts_of_all_domains_together(tmp_path):
    def row(number, source, split, chosen, rejected, tokens=(9, 5)):
        side = None if source == "preferences" else 0
        return {
            "id": f"p{number}", "source": source, "domain": "math", "split": split, "reason": None, "chosen_sample": side,
            "rejected_sample": side, "margin": 0.0, "chosen_tokens": tokens[0], "rejected_tokens": tokens[1],
            "chosen_score": chosen, "rejected_score": rejected,
        }  # fmt: skip

    rows = [
        row(1, "verdicts/math", "held_out", 1.0, 0.0), row(1, "verdicts/math", "held_out", 0.0, 1.0, (9, 9)),
        row(2, "verdicts/code", "held_out", 1.0, 0.0, (5, 9)), row(3, "verdicts/math", "train", None, None),
        row(4, "preferences", "held_out", 0.0, 1.0),
    ]  # fmt: skip
    write_table(tmp_path / "pairs.parquet", rows, PAIR)
    accuracy_row, interval, even, _ = together(tmp_path / "pairs.parquet", "longer")
    assert (accuracy_row.n, accuracy_row.ours, accuracy_row.theirs) == (3, 0.75, 0.375)  # means over the two problems
    assert interval.n == 2
    assert (even.n, even.ours, even.theirs) == (1, 0.0, 0.5)  # the one of mathematics without a difference
    assert together(tmp_path / "pairs.parquet", "shorter")[0].theirs == 0.625
    write_table(tmp_path / "pairs.parquet", rows[3:], PAIR)
    assert together(tmp_path / "pairs.parquet", "longer") == []
