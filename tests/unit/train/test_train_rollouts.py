"""Rollouts of a step: dead groups are replaced, unscorable completions masked, everything kept; and TRL's side of the bargain."""

import inspect
import json

import pytest

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.config import Bounds
from openqwq.config.train import GrpoConfig
from openqwq.errors import StageFailure
from openqwq.generate import Sample
from openqwq.train.dynamic import RolloutMaker
from openqwq.train.pool import ProblemPool
from openqwq.verify import VerifierPool


def config(**changes):
    settings = {
        "steps": 1,
        "groups": 4,
        "group_size": 4,
        "micro_batch_size": 4,
        "optimizer": {"learning_rate": 1e-3},
        "sampling": {"max_tokens": 8},
        "domains": {"math": {"rewards": {"accuracy": 1.0}}},
    }
    return GrpoConfig.model_validate_json(json.dumps(settings | changes))


def problems(count, answer="4"):
    return [
        {
            "id": f"p{i:02d}",
            "domain": "math",
            "verifier": "math",
            "reference": json.dumps({"answer": answer}),
            "prompt": f"p{i:02d}",
        }
        for i in range(count)
    ]


class FakeSampler:
    """Answers as `reply(prompt, number)` says."""

    def __init__(self, reply):
        self.reply, self.asked, self.seeds = reply, [], []

    def sample(self, prompts, samples, sampling, seed, progress=None, on_prompt=None):
        self.asked.append(list(prompts))
        self.seeds.append(seed)
        drawn = [[Sample(self.reply(p, n), [5] * (n + 1), "stop") for n in range(samples)] for p in prompts]
        for index, one in enumerate(drawn):
            on_prompt(index, one)
        return drawn


@pytest.fixture(scope="module")
def verifiers():
    with VerifierPool(1) as pool:
        yield pool


def maker(tmp_path, verifiers, reply, settings=None, rows=None, scorer=None, most=0.05):
    settings = settings or config()
    pool = ProblemPool({"math": rows or problems(20)}, settings, 1)
    sampler = FakeSampler(reply)
    return RolloutMaker(
        settings, pool, lambda p: p["prompt"], sampler, verifiers, scorer, tmp_path, 1, Bounds(unscorable=most)
    ), sampler


def half(prompt, number):
    return "\\boxed{4}" if number % 2 else "\\boxed{5}"


def test_live_groups_with_their_advantages_and_every_rollout_kept(tmp_path, verifiers):
    made, sampler = maker(tmp_path, verifiers, half)
    groups = made.make(1)
    assert [len(g) for g in groups] == [4] * 4
    assert [r.advantage > 0 for r in groups[0]] == [False, True, False, True]
    rows = read_table(tmp_path / "step-00001.parquet", ROLLOUT).to_pylist()
    assert len(rows) == 16
    assert {r["verdict"] for r in rows} == {"correct", "incorrect"}
    assert dict(rows[1]["rewards"]) == {"accuracy": 1.0}
    assert made.figures["reward"] == 0.5
    assert made.figures["zero_variance_share"] == 0
    assert len(sampler.asked) == 1


def test_dead_groups_are_replaced_within_the_bound(tmp_path, verifiers):
    def some(prompt, number):  # a third of the problems teaches something
        return half(prompt, number) if int(prompt[1:]) % 3 == 0 else "\\boxed{4}"

    made, sampler = maker(tmp_path, verifiers, some, config(max_generated=5.0))
    groups = made.make(1)
    assert len(groups) == 4
    asked = [p for round_ in sampler.asked for p in round_]
    assert len(asked) == len(set(asked)) > 4
    assert made.figures["live_groups"] == 4
    assert made.figures["live_share"] == 1
    taught = 4 + made.figures["surplus_groups"]
    assert made.figures["zero_variance_share"] == pytest.approx(1 - taught / len(asked))
    assert made.figures["generated_tokens"] > made.figures["trained_tokens"]
    assert len(read_table(tmp_path / "step-00001.parquet", ROLLOUT)) == 4 * len(asked)
    made, sampler = maker(tmp_path, verifiers, lambda p, n: "\\boxed{4}", config(max_generated=2.6))
    assert made.make(1) == []
    assert sum(map(len, sampler.asked)) == 10
    assert made.figures["live_share"] == made.figures["live_groups"] == 0


def test_the_same_step_makes_the_same_rollouts_and_another_step_others(tmp_path, verifiers):
    first, one = maker(tmp_path, verifiers, half)
    second, two = maker(tmp_path, verifiers, half)
    first.make(1), second.make(1)
    assert (one.asked, one.seeds) == (two.asked, two.seeds)
    second.make(2)
    assert two.asked[0] != two.asked[1]
    assert two.seeds[0] != two.seeds[1]


def test_an_unscorable_group_is_masked_and_too_many_stop_the_stage(tmp_path, verifiers):
    rows = problems(20)
    rows[0]["reference"] = json.dumps({"answer": ""})  # a gold that says nothing
    made, _ = maker(tmp_path, verifiers, half, None, rows[:4], most=0.5)
    groups = made.make(1)
    assert "p00" not in {r.problem["id"] for g in groups for r in g}
    assert made.figures["unscorable"] == 0.25
    broken = [row for row in read_table(tmp_path / "step-00001.parquet", ROLLOUT).to_pylist() if row["problem_id"] == "p00"]
    assert {(r["verdict"], r["score"], r["reward"], tuple(r["rewards"])) for r in broken} == {("unscorable", None, None, ())}
    made, _ = maker(tmp_path, verifiers, half, None, rows[:4])
    with pytest.raises(StageFailure, match="25% of the completions could not be judged"):
        made.make(1)


def test_groups_that_vary_by_shaping_alone_are_counted(tmp_path, verifiers):
    def reply(prompt, number):  # half of the problems: always right, now and then without thinking
        return half(prompt, number) if int(prompt[1:]) % 2 else ("\\boxed{4}" if number else "<think>2 + 2</think>\\boxed{4}")

    settings = config(groups=10, max_generated=2.0, domains={"math": {"rewards": {"accuracy": 1.0, "format": 0.1}}})
    made, _ = maker(tmp_path, verifiers, reply, settings)
    groups = made.make(1)
    shaped = [group for group in groups if int(group[0].problem["id"][1:]) % 2 == 0]
    assert 0 < made.figures["shaped_groups"] == len(shaped) < len(groups) == 10


def test_the_reward_model_is_asked_only_where_a_reward_names_it(tmp_path, verifiers):
    asked = []

    def scorer(pairs):
        asked.extend(pairs)
        return [0.5] * len(pairs)

    settings = config(domains={"math": {"rewards": {"accuracy": 1.0, "reward_model": 0.2}}})
    made, _ = maker(tmp_path, verifiers, half, settings, scorer=scorer)
    made.make(1)
    assert len(asked) == 16
    assert made.figures["reward"] == pytest.approx(0.6)
    assert made.figures["reward/reward_model"] == 0.5


def test_trl_still_has_what_is_overridden_and_relied_on():
    from transformers import Trainer
    from trl import GRPOTrainer

    assert list(inspect.signature(GRPOTrainer._prepare_inputs).parameters) == ["self", "generation_batch"]
    assert list(inspect.signature(GRPOTrainer._compute_loss).parameters) == ["self", "model", "inputs"]
    assert list(inspect.signature(GRPOTrainer._save_checkpoint).parameters) == ["self", "model", "trial"]
    assert list(inspect.signature(GRPOTrainer.training_step).parameters) == ["self", "model", "inputs", "num_items_in_batch"]
    assert "self._run_epoch(" in inspect.getsource(Trainer._inner_training_loop)
    parameters = inspect.signature(GRPOTrainer._get_per_token_logps_and_entropies).parameters
    assert list(parameters)[:5] == ["self", "model", "input_ids", "attention_mask", "logits_to_keep"]
    source = inspect.getsource(GRPOTrainer)
    for key in ("prompt_ids", "prompt_mask", "completion_ids", "completion_mask", "advantages", "num_items_in_batch"):
        assert f'inputs["{key}"]' in source
