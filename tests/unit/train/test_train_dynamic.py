"""Dynamic sampling against simulated policies whose solve rates are known: live groups, bound, rests, resume, concurrency."""

import json
import random
import shutil
from itertools import pairwise

import pytest

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import ROLLOUT
from openqwq.config import Bounds
from openqwq.config.train import GrpoConfig
from openqwq.errors import StageFailure, UserError
from openqwq.generate import Sample
from openqwq.train.dynamic import RolloutMaker
from openqwq.train.pool import ProblemPool
from openqwq.verify import VerifierPool

GROUPS, SIZE, STEPS = 6, 4, 12
RATES = {f"p{i:02d}": (0.0, 0.5, 1.0, 0.3)[i % 4] for i in range(48)}


class Policy:
    """Solves each problem at its rate, decided by seed, prompt and number alone, as the real samplers do."""

    def __init__(self, rate=RATES.get, order=list):
        self.rate, self.order, self.asked, self.step = rate, order, [], 0

    def sample(self, prompts, samples, sampling, seed, progress=None, on_prompt=None):
        self.asked.append(prompts)
        drawn = [[self.one(prompt, number, seed) for number in range(samples)] for prompt in prompts]
        for index in self.order(range(len(prompts))):
            on_prompt(index, drawn[index])
        return drawn

    def one(self, prompt, number, seed):
        dice = random.Random(f"{seed}/{prompt}/{number}")
        right = dice.random() < self.rate(prompt)
        return Sample(f"\\boxed{{{4 if right else 5}}}", [7] * dice.randint(2, 9) * (1 if right else 2), "stop")


@pytest.fixture(scope="module")
def verifiers():
    with VerifierPool(2) as pool:
        yield pool


def maker(folder, verifiers, policy=None, verifier="math", profile=None, bounds=None, scorer=None, **changes):
    settings = {"steps": STEPS, "groups": GROUPS, "group_size": SIZE, "micro_batch_size": SIZE, "sampling": {"max_tokens": 32}}
    settings |= {"optimizer": {"learning_rate": 1e-3}, "domains": {"math": {}}, "rest": 2} | changes
    config = GrpoConfig.model_validate_json(json.dumps(settings))
    problem = {"domain": "math", "verifier": verifier, "reference": json.dumps({"answer": "4"})}
    pool = ProblemPool({"math": [problem | {"id": name} for name in RATES]}, config, 1, profile)
    bounds = bounds or Bounds(several_boxes=1, no_thinking=1, reference_copied=1)
    return RolloutMaker(config, pool, lambda p: p["id"], policy or Policy(), verifiers, scorer, folder, 1, bounds)


def carry_out(made, steps):
    """The figures of each step, timings left out, and the problems trained on."""
    told = []
    for step in steps:
        trained = [group[0].problem["id"] for group in made.make(step)]
        told.append(({name: value for name, value in made.figures.items() if not name.endswith("seconds")}, trained))
    return told


def tables(folder, steps):
    return [read_table(folder / f"step-{step:05d}.parquet", ROLLOUT).drop_columns("seconds").to_pylist() for step in steps]


def problems_of(rows):
    return list(dict.fromkeys(row["problem_id"] for row in rows))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, verifiers):
    """A stage carried through: its folder, and what each step told."""
    folder = tmp_path_factory.mktemp("rollouts")
    return folder, carry_out(maker(folder, verifiers), range(1, STEPS + 1))


def test_every_step_trains_on_the_configured_number_of_live_groups(whole):
    _, told = whole
    for figures, trained in told:
        assert figures["live_groups"] == len(trained) == len(set(trained)) == GROUPS
        assert figures["live_share"] == 1.0
        assert figures["generated_factor"] <= 4
    assert not {name for _, trained in told for name in trained} & {name for name, rate in RATES.items() if rate in (0, 1)}


def test_resting_what_teaches_nothing_saves_generation(tmp_path, verifiers):
    """Half of the problems teach nothing. The last ten of twenty steps, against sampling that never sets one aside."""

    def generated(rest):
        told = carry_out(maker(tmp_path / str(rest), verifiers, rest=rest), range(1, 21))
        return sum(figures["generated_factor"] for figures, _ in told[10:])

    assert generated(4) < 0.9 * generated(0)


def test_a_policy_that_learns_to_please_the_reward_model_is_stopped_and_goes_on_under_a_raised_bound(tmp_path, verifiers):
    policy, dice = Policy(lambda _: 0.9 - 0.08 * policy.step), random.Random(1)

    def pleased(asked):
        return [0.05 * policy.step + 0.1 * dice.random() for _ in asked]

    def go_on(steps, watch_rules):
        bounds = Bounds(several_boxes=1, no_thinking=1, reference_copied=1, watch_rules=watch_rules)
        domains = {"math": {"rewards": {"accuracy": 1.0, "reward_model": 0.5}}}
        made = maker(tmp_path, verifiers, policy, bounds=bounds, scorer=pleased, domains=domains)
        for policy.step in steps:
            made.make(policy.step)
        return made.figures

    with pytest.raises(StageFailure, match=r"steps 1 to \d+: the reward model's mean score rose .*watch_rules allows 0\.1"):
        go_on(range(1, STEPS), 0.1)
    assert policy.step >= 5
    figures = go_on([policy.step, policy.step + 1], 1.0)
    assert figures["watch/rules_change"] < -0.1 < 0.1 < figures["watch/reward_model_change"]


def test_figures_count_what_is_stored_and_what_is_trained_on(whole):
    folder, told = whole
    figures, trained = told[3]
    rows = tables(folder, [4])[0]
    assert figures["generated_completions"] == len(rows) == SIZE * GROUPS * figures["generated_factor"]
    assert figures["generated_tokens"] == sum(row["tokens"] for row in rows)
    lengths = sorted(row["tokens"] for row in rows if row["problem_id"] in trained)
    assert figures["trained_completions"] == len(lengths) == GROUPS * SIZE
    assert figures["trained_tokens"] == sum(lengths)
    assert figures["trained_length/mean"] == sum(lengths) / len(lengths)
    assert figures["trained_length/p50"] == (lengths[11] + lengths[12]) / 2
    assert figures["generated_length/p10"] <= figures["generated_length/p50"] <= figures["generated_length/p90"]
    live = [name for name in problems_of(rows) if len({r["reward"] for r in rows if r["problem_id"] == name}) > 1]
    assert trained == live[:GROUPS]  # in the order drawn
    assert figures["surplus_groups"] == len(live) - GROUPS


def test_no_problem_starves_and_dead_ones_come_back_after_ever_longer_rests(tmp_path, verifiers):
    made = maker(tmp_path, verifiers, groups=8, rest=1)
    carry_out(made, range(1, 31))
    steps = {name: [] for name in RATES}
    for step, rows in enumerate(tables(tmp_path, range(1, 31)), 1):
        for name in problems_of(rows):
            steps[name].append(step)
    assert min(map(len, steps.values())) >= 2
    for name, at in steps.items():
        if RATES[name] in (0, 1):
            for number, (one, next_) in enumerate(pairwise(at)):
                assert next_ - one > 2**number, name


def test_a_problem_becomes_trainable_when_the_policy_has_learned(tmp_path, verifiers):
    policy = Policy(lambda name: 0.5 if policy.step > 5 or RATES[name] == 0.5 else 0.0)
    made = maker(tmp_path, verifiers, policy, max_generated=3.0)
    first, later = set(), set()
    for policy.step in range(1, 16):
        trained = {group[0].problem["id"] for group in made.make(policy.step)}
        first, later = (first | trained, later) if policy.step <= 5 else (first, later | trained)
    assert {RATES[name] for name in first} == {0.5}
    assert {RATES[name] for name in later} == set(RATES.values())


@pytest.mark.parametrize(("bound", "generated"), [(1.0, 6), (1.5, 9), (2.6, 15), (20.0, 48)])
def test_the_bound_on_generation_holds_and_too_few_groups_are_told(tmp_path, verifiers, bound, generated):
    hopeless = Policy(lambda name: 0.5 if name == "p07" else 0.0)
    made = maker(tmp_path, verifiers, hopeless, max_generated=bound)
    groups = made.make(1)
    assert sum(map(len, hopeless.asked)) == generated == made.figures["generated_factor"] * GROUPS
    assert made.figures["live_groups"] == len(groups) < GROUPS
    assert made.figures["live_share"] == len(groups) / GROUPS


def test_a_larger_round_takes_fewer_rounds_and_leaves_groups_over(tmp_path, verifiers):
    one, two = ([f for f, _ in carry_out(maker(tmp_path / str(o), verifiers, oversample=o), range(1, 9))] for o in (1.0, 2.0))
    assert sum(f["generation_rounds"] for f in two) < sum(f["generation_rounds"] for f in one)
    assert sum(f["surplus_groups"] for f in two) > sum(f["surplus_groups"] for f in one)


@pytest.mark.parametrize("step", range(1, STEPS))
def test_resumed_after_any_step_it_goes_on_as_it_would_have(whole, tmp_path, verifiers, step):
    folder, told = whole
    for number in range(1, step + 1):
        shutil.copy(folder / f"step-{number:05d}.parquet", tmp_path)
    rest = range(step + 1, min(step + 4, STEPS) + 1)
    assert carry_out(maker(tmp_path, verifiers), rest) == told[step : rest.stop - 1]
    assert tables(tmp_path, rest) == tables(folder, rest)


def test_the_order_in_which_completions_get_ready_changes_nothing(whole, tmp_path, verifiers):
    folder, told = whole
    backwards = Policy(order=lambda indices: list(indices)[::-1])
    assert carry_out(maker(tmp_path, verifiers, backwards), range(1, 4)) == told[:3]
    assert tables(tmp_path, range(1, 4)) == tables(folder, range(1, 4))


def test_a_group_is_judged_while_the_sampler_writes_the_next(tmp_path, verifiers):
    seen = []

    class Watching(VerifierPool):
        def submit(self, items):
            seen.append(super().submit(items).result())
            return Done(seen[-1])

    class Done:
        def __init__(self, judged):
            self.judged = judged

        def result(self):
            return self.judged

    class Slow(Policy):
        def sample(self, prompts, samples, sampling, seed, progress=None, on_prompt=None):
            before = len(seen)

            def handed_over(index, drawn):
                on_prompt(index, drawn)
                assert len(seen) == before + index + 1  # verdicts are there, and completions still to be written

            return super().sample(prompts, samples, sampling, seed, progress, handed_over)

    with Watching(1) as pool:
        groups = maker(tmp_path, pool, Slow()).make(1)
    assert len(groups) == GROUPS
    assert len(seen) == len(problems_of(tables(tmp_path, [1])[0]))


def test_a_verifier_that_does_not_exist_ends_the_step(tmp_path, verifiers):
    with pytest.raises(UserError, match="verifier 'maths' does not exist"):
        maker(tmp_path, verifiers, verifier="maths").make(1)
    assert not list(tmp_path.glob("step-*"))
