"""Tasks: enough of them, split by construction, solved by their policy and by nothing less."""

import json
from random import Random

import pytest
from agents_helpers import problem, tasks

from openqwq.agents.registry import ENVIRONMENTS
from openqwq.agents.replay import replay, spoken
from openqwq.agents.tasks import TASKS
from openqwq.agents.tasks.task import split_of

COUNT = 60
NAMES = sorted(TASKS)


@pytest.mark.parametrize("split", ["train", "eval"])
@pytest.mark.parametrize("name", NAMES)
def test_the_policy_solves_every_task_and_doing_nothing_none(name, split):
    drawn = tasks(name, COUNT, split)
    assert len({task.key for task in drawn}) == len({task.prompt for task in drawn}) == COUNT
    calls = {}
    for task in drawn:
        played = replay(problem(name, task), task.expert(Random(2)))
        assert played.verdict.outcome == "correct", (task.prompt, played)
        turns = [message for message in played.messages if message["role"] == "assistant"]
        calls.setdefault(task.level, []).append(len(turns) - 1)
        for idle in ("", "I have done it.", r"\boxed{0}", r"\boxed{1}"):
            assert replay(problem(name, task), spoken([idle])).verdict.outcome == "incorrect", task.prompt
    assert min(calls) == 1
    assert min(calls[1]) == 1 or name == "search"  # which reads what it has found
    assert len(calls) >= 3


@pytest.mark.parametrize("name", NAMES)
def test_no_seed_draws_a_task_of_the_other_split(name):
    train = {task.key for seed in range(3) for task in tasks(name, 80, "train", seed)}
    evaluated = {task.key for seed in range(3, 6) for task in tasks(name, 80, "eval", seed)}
    assert not train & evaluated
    assert {split_of(key) for key in train} == {"train"}


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_tasks(name):
    def told(seed):
        return [(task.key, task.prompt, json.dumps(task.task)) for task in tasks(name, 10, seed=seed)]

    assert told(1) == told(1) != told(2)


@pytest.mark.parametrize("name", NAMES)
def test_policies_vary_their_words_and_not_what_they_do(name):
    task = tasks(name, 1)[0]
    episodes = [replay(problem(name, task), task.expert(Random(seed))) for seed in range(6)]
    assert len({json.dumps(episode.messages) for episode in episodes}) > 1
    assert {episode.verdict.outcome for episode in episodes} == {"correct"}


@pytest.mark.parametrize("name", sorted(ENVIRONMENTS))
def test_a_task_that_cannot_be_set_up_is_unscorable(name):
    for reference in (
        "{",
        "[]",
        "{}",
        json.dumps({"environment": name, "task": {}}),
        json.dumps({"environment": name, "task": 1}),
    ):
        verdict = replay(problem(name, {}) | {"reference": reference}, spoken(["x"])).verdict
        assert verdict.outcome == "unscorable"
        assert verdict.reason.startswith("reference: ")
