"""Episodes with a real model, and prompts given as tokens."""

import pytest
from agents_helpers import problem, tasks

from openqwq.agents.episode import AgentLimits
from openqwq.agents.play import play
from openqwq.config.train import Sampling
from openqwq.generate import open_sampler
from openqwq.generate.prompts import one_each

SHORT = Sampling(max_tokens=12)


@pytest.fixture(scope="module")
def sampler(long_model):
    with open_sampler("transformers", long_model, batch=8, dtype="float32") as sampler:
        yield sampler


def test_a_prompt_may_be_tokens(sampler):
    text = sampler.render([{"role": "user", "content": "2 + 2?"}], None)
    ids = sampler.tokenizer(text, add_special_tokens=False)["input_ids"]
    greedy = Sampling(max_tokens=12, temperature=0.0)
    assert sampler.sample([ids], 1, greedy, 1)[0][0].token_ids == sampler.sample([text], 1, greedy, 1)[0][0].token_ids
    both = sampler.sample([text, tuple(ids)], 2, SHORT, 1)
    assert [len(one) for one in both] == [2, 2]


def test_each_prompt_may_have_a_seed(sampler):
    ids = list(range(10, 30))
    first, second = sampler.sample([ids, ids], 1, SHORT, [1, 2])
    assert first != second
    assert sampler.sample([ids], 1, SHORT, [2])[0] == sampler.sample([ids], 1, SHORT, 2)[0]
    assert [s.token_ids for s in sampler.sample([ids, ids], 1, SHORT, 1)[0]] == [s.token_ids for s in first]
    with pytest.raises(ValueError, match="1 seeds for 2 prompts"):
        sampler.sample([ids, ids], 1, SHORT, [1])
    assert one_each(3, ["a", "b"], "seeds") == [3, 3]


def test_each_prompt_may_have_a_number_of_samples(sampler):
    prompts, told, whole = ["one", "two", "three"], [], {}
    drawn = sampler.sample(
        prompts, [3, 1, 2], SHORT, 1, lambda done, total: told.append((done, total)), lambda at, one: whole.update({at: one})
    )
    assert [len(one) for one in drawn] == [3, 1, 2]
    assert [[s.token_ids for s in one] for one in drawn] == [
        [s.token_ids for s in sampler.sample([prompt], count, SHORT, 1)[0]]
        for prompt, count in zip(prompts, (3, 1, 2), strict=True)
    ]
    assert told == [(done, 6) for done in range(1, 7)]
    assert whole == dict(enumerate(drawn))
    with pytest.raises(ValueError, match="2 numbers of samples for 3 prompts"):
        sampler.sample(prompts, [1, 2], SHORT, 1)


def test_the_same_seed_plays_the_same_episodes(sampler):
    rows = [problem(name, tasks(name, 1)[0]) for name in ("files", "orders", "search")]
    limits = AgentLimits(max_turns=3, max_context_tokens=16_000)

    def played(seed):
        episodes = play(rows, 2, sampler, sampler.tokenizer, SHORT, seed, limits)
        assert all(e.verdict.outcome == "incorrect" and e.turns >= 1 for row in episodes for e in row)
        return [[segment.token_ids for segment in e.segments] for row in episodes for e in row]

    first = played(1)
    assert played(1) == first
    assert played(2) != first
    assert first[0] != first[1]  # two samples of a problem
