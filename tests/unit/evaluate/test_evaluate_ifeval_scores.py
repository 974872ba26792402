"""IFEval's four figures against a count by hand."""

import json

import pytest

from openqwq.config.evaluate import Benchmark
from openqwq.evaluate.benchmarks import load
from openqwq.evaluate.ifeval_scores import METRICS, added, four
from openqwq.evaluate.samples import judge
from openqwq.verify import VerifierPool

NO_COMMA, TITLE, END = "punctuation:no_comma", "detectable_format:title", "startend:end_checker"


def sample(problem, text, *names, verdict=None, score=None):
    kwargs = [{"end_phrase": "done"} if name == END else {} for name in names]
    reference = json.dumps({"instruction_id_list": list(names), "kwargs": kwargs})
    return {
        "problem_id": problem,
        "sample": 0,
        "verifier": "instructions",
        "reference": reference,
        "text": text,
        "verdict": verdict,
        "score": score,
        "reason": None,
        "seconds": None,
    }


ROWS = [
    sample("a", "All is well", NO_COMMA),  # 1 of 1
    sample(
        "b", "Sure, here it is:\n<<T>> and it is done", NO_COMMA, TITLE, END
    ),  # strict 2 of 3; loose 3 of 3, without the first line
    sample("c", "one, two, three\nfour, five\nsix, seven", NO_COMMA, TITLE),  # 0 of 2, either way
]


@pytest.fixture(scope="module")
def judged():
    with VerifierPool(1) as pool:
        return judge(ROWS, pool)


def test_the_figures_are_those_counted_by_hand(judged):
    made = {row["metric"]: row for row in four(judged, draws=2000, seed=1)}
    assert tuple(made) == METRICS
    expected = {"strict_prompt": 1 / 3, "strict_instruction": 3 / 6, "loose_prompt": 2 / 3, "loose_instruction": 4 / 6}
    assert {name: row["value"] for name, row in made.items()} == pytest.approx(expected)
    assert {row["n"] for row in made.values()} == {3}
    assert all(0 < row["low"] < row["value"] < row["high"] < 1 for row in made.values())


def test_unscorable_samples_are_left_out_and_nothing_gives_no_figure(judged):
    masked = [judged[0], *(row | {"verdict": "unscorable", "score": None} for row in judged[1:])]
    assert {row["n"] for row in four(masked, draws=100, seed=1)} == {1}
    assert {row["value"] for row in four(masked, draws=100, seed=1)} == {1.0}
    assert four([], draws=100, seed=1)[0] == {"metric": "strict_prompt", "n": 0, "value": None, "low": None, "high": None}


def test_several_samples_of_a_prompt_are_one_prompt(judged):
    twice = [*judged, *(row | {"sample": 1} for row in judged)]
    once = four(judged, draws=500, seed=1)
    assert [(row["n"], row["value"]) for row in four(twice, draws=500, seed=1)] == [(row["n"], row["value"]) for row in once]


def test_they_share_the_columns_of_the_scores_they_join(judged):
    score = {"stage": "reason", "benchmark": "ifeval", "metric": "avg@k", "subset": "all", "k": 1, "n": 3, "value": 0.3}
    rows = added([score | {"subset": "clean"}, score], judged, draws=100, seed=1)
    assert {row["stage"] for row in rows} == {"reason"}
    assert [row["metric"] for row in rows] == list(METRICS)


@pytest.mark.real_data
def test_an_answer_to_the_published_prompts_is_scored_in_all_four_ways(real_data):
    """One short answer for all 541 prompts: some constraints hold by chance; loose is never below strict."""
    problems = load(Benchmark(name="ifeval", path=str(real_data / "ifeval.jsonl")))
    rows = [sample(row["id"], "Sure!\n<<My title>>\nThis is it", NO_COMMA) | {"reference": row["reference"]} for row in problems]
    with VerifierPool(2) as pool:
        made = {row["metric"]: row["value"] for row in four(judge(rows, pool), draws=100, seed=1)}
    assert 0 < made["strict_prompt"] <= made["loose_prompt"] < 1
    assert 0 < made["strict_instruction"] <= made["loose_instruction"] < 1
    asked = sum(len(json.loads(row["reference"])["instruction_id_list"]) for row in problems)
    assert asked == 834  # as the paper counts them
