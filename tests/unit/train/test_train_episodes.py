"""Episodes in RL and in supervised training: the same tokens everywhere, rewards by the environment's verdict, all of it kept."""

import json
import re
from random import Random

import pytest
from adder import Adder, adder_row
from scripted import Scripted, answer, call, turn_of
from train_step_helpers import configured, train_on

from openqwq.agents import seat
from openqwq.agents.calls import Calls
from openqwq.agents.episode import AgentLimits
from openqwq.agents.play import play
from openqwq.agents.registry import ENVIRONMENTS
from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import COMPLETION, ROLLOUT
from openqwq.config import Bounds
from openqwq.config.agents import AgentsConfig
from openqwq.config.curate import BuiltinSource
from openqwq.config.model import RandomModel
from openqwq.config.train import Sampling
from openqwq.data.sources.builtin import _row, agents
from openqwq.errors import StageFailure
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.generate.transformers_engine import TransformersSampler
from openqwq.model.import_model import run as import_model
from openqwq.stage import Stage
from openqwq.train.dynamic import RolloutMaker
from openqwq.train.judging import Judge, Limits
from openqwq.train.pool import ProblemPool
from openqwq.train.rollouts import Rollout
from openqwq.train.tokens import encode_trace, prompt_text
from openqwq.verify import VerifierPool

LIMITS = AgentLimits(max_turns=3, max_context_tokens=4000)


@pytest.fixture(autouse=True)
def adder(monkeypatch):
    monkeypatch.setitem(ENVIRONMENTS, "adder", Adder)


@pytest.fixture(scope="module")
def roomy_model(tmp_path_factory):
    """As `tiny_model`, with room for a conversation."""
    folder = tmp_path_factory.mktemp("roomy")
    source = RandomModel(type="random", hidden_size=32, layers=2, heads=2, intermediate_size=64, max_length=4096)
    stage = Stage("import_model", config={}, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    with stage.running():
        import_model(stage, source, folder / "base_model")
    return folder / "base_model"


@pytest.fixture(scope="module")
def verifiers():
    with VerifierPool(1) as pool:
        yield pool


def test_the_trainer_finds_the_samplers_log_probabilities_at_the_tokens_of_every_turn(roomy_model, tmp_path, monkeypatch):
    """A random policy calls nothing by itself, so every turn is taken for a broken call, which is answered."""
    monkeypatch.setattr(seat, "read_turn", lambda _turn: Calls([], "this is no call"))
    sampler = TransformersSampler.load(roomy_model, 16, "float32")
    rows = [adder_row(0), adder_row(1)]
    played = play(rows, 8, sampler, sampler.tokenizer, Sampling(max_tokens=150), 3, LIMITS)
    groups = [[Rollout.of(episode) for episode in episodes] for episodes in played]
    rollouts = [r for group in groups for r in group]
    assert {r.episode.turns for r in rollouts} >= {2, 3}
    for rollout in rollouts:
        rollout.advantage = (-1.0) ** rollout.number
        assert 0 < rollout.length < len(rollout.sample.token_ids) or rollout.episode.turns == 1
        drawn = [figure for figure, mine in zip(rollout.sample.logprobs, rollout.written, strict=True) if mine]
        assert all(figure < 0 for figure in drawn)
    config = configured(groups=2, group_size=8, mismatch_correction="token_truncate", sampling={"max_tokens": 150})
    run = train_on(roomy_model, tmp_path, config, [groups])
    figures = run.figures[0]
    assert figures["mismatch_ratio/min"] == pytest.approx(1, abs=1e-3)
    assert figures["mismatch_ratio/max"] == pytest.approx(1, abs=1e-3)
    for rollout in rollouts:  # one token further, they are not
        rollout.sample.logprobs[:] = [*rollout.sample.logprobs[1:], -1.0]
    shifted = train_on(roomy_model, tmp_path / "shifted", config, [groups]).figures[0]
    assert shifted["mismatch_ratio/max"] > 1.1


def looks_then_answers(context, _number):
    """Asks for both numbers, then adds them."""
    found = [int(n) for n in re.findall(r"<tool_response>\n(\d+)", context)]
    return [call("look", name="a"), call("look", name="b"), answer(str(sum(found)))][turn_of(context)]


def rl_config(**changes):
    domains = {"agent": {"weight": 1.0, "rewards": {"accuracy": 1.0, "format": 0.1}}, "math": {"rewards": {"accuracy": 1.0}}}
    settings = {"groups": 2, "group_size": 4, "domains": domains, "agents": {"max_turns": 3, "max_context_tokens": 2000}}
    return configured(**settings | {"sampling": {"max_tokens": 200}} | changes)


def maker(tmp_path, verifiers, tokenizer, say, rows, config=None, most=0.05):
    config = config or rl_config()
    by_domain = {domain: [row for row in rows if row["domain"] == domain] for domain in ("agent", "math")}
    sampler = Scripted(tokenizer, say)
    return RolloutMaker(
        config,
        ProblemPool(by_domain, config, 1),
        lambda row: prompt_text(tokenizer, row),
        sampler,
        verifiers,
        None,
        tmp_path,
        1,
        Bounds(unscorable=most),
        tokenizer=tokenizer,
    )


def math_row(index):
    more = {"id": f"math{index:03d}", "domain": "math", "tools": None, "verifier": "math", "reference": '{"answer": "4"}'}
    return adder_row(index) | more


def test_a_round_mixes_episodes_with_completions(tmp_path, roomy_model, verifiers):
    """Of four episodes the last one looks at nothing; of four completions the last one is wrong."""
    tries: dict[str, int] = {}

    def say(context, number):
        if "<tools>" not in context:
            return answer("\\boxed{4}" if number < 3 else "\\boxed{5}")
        if turn_of(context):
            return looks_then_answers(context, number)
        tries[context] = tries.get(context, 0) + 1
        return looks_then_answers(context, number) if tries[context] % 4 else answer("I looked: it is 1.")

    tokenizer = load_tokenizer(roomy_model)
    rows = [adder_row(i) for i in range(3)] + [math_row(i) for i in range(3)]
    made = maker(tmp_path, verifiers, tokenizer, say, rows, rl_config(groups=4))
    groups = made.make(1)
    assert {group[0].problem["domain"] for group in groups} == {"agent", "math"}
    for group in groups:
        assert [r.advantage > 0 for r in group] == [True, True, True, False]
    kept = read_table(tmp_path / "step-00001.parquet", ROLLOUT).to_pylist()
    episodes = [row for row in kept if row["domain"] == "agent"]
    assert [row["turns"] for row in episodes[:4]] == [3, 3, 3, 1]
    assert [row["calls"] for row in episodes[:4]] == [2, 2, 2, 0]
    assert [dict(row["rewards"]) for row in episodes[2:4]] == [
        {"accuracy": 1.0, "format": 1.0},
        {"accuracy": 0.0, "format": 1.0},
    ]
    first = episodes[0]
    assert first["text"].startswith("<think>\nI need the tool.")
    assert "<tool_response>\n" in first["text"]
    assert first["tokens"] < len(tokenizer(first["text"], add_special_tokens=False)["input_ids"])
    assert (first["finish_reason"], first["verdict"], first["verifier"]) == ("stop", "correct", "environment")
    assert {row["turns"] for row in kept if row["domain"] == "math"} == {None}
    trained = [r for group in groups for r in group]
    assert made.figures["trained_tokens"] == sum(r.length for r in trained)
    assert made.figures["truncated"] == 0


def test_the_same_rollouts_again(tmp_path, roomy_model, verifiers):
    tokenizer = load_tokenizer(roomy_model)
    rows = [adder_row(i) for i in range(4)] + [math_row(i) for i in range(4)]
    tables = []
    for name in ("one", "two"):
        sampler = TransformersSampler.load(roomy_model, 8, "float32")
        made = maker(tmp_path / name, verifiers, tokenizer, None, rows, rl_config(sampling={"max_tokens": 12}, max_generated=1.0))
        made.sampler = sampler
        made.make(1)
        tables.append(read_table(tmp_path / name / "step-00001.parquet", ROLLOUT).drop_columns("seconds"))
    assert tables[0] == tables[1]


def test_a_task_that_cannot_be_set_up_is_masked_and_bounded(tmp_path, roomy_model, verifiers):
    tokenizer = load_tokenizer(roomy_model)
    broken = adder_row(0) | {"reference": json.dumps({"environment": "adder", "task": {"a": 1}})}
    rows = [broken, adder_row(1), adder_row(2)]
    only = {"agent": {"rewards": {"accuracy": 1.0}}}
    made = maker(tmp_path, verifiers, tokenizer, looks_then_answers, rows, rl_config(domains=only), most=1.0)
    made.make(1)
    kept = read_table(tmp_path / "step-00001.parquet", ROLLOUT).to_pylist()
    masked = [row for row in kept if row["problem_id"] == broken["id"]]
    assert masked
    assert {(row["verdict"], row["reward"], row["tokens"]) for row in masked} == {("unscorable", None, 0)}
    assert {row["reward"] for row in kept if row["problem_id"] != broken["id"]} == {1.0}
    with pytest.raises(StageFailure, match="could not be judged"):
        maker(tmp_path / "again", verifiers, tokenizer, looks_then_answers, rows, rl_config(domains=only)).make(1)


@pytest.mark.parametrize(
    ("say", "limits", "reason", "cut"),
    [
        (lambda context, n: call("look", name="a"), {"max_turns": 2}, "turns", False),
        (lambda context, n: call("look", name="a"), {"max_turns": 9, "max_context_tokens": 900}, "context", True),
        (lambda context, n: "<think>\nAnd so on and so on…", {}, "length", True),
    ],
)
def test_an_episode_that_does_not_end_by_itself_says_why(roomy_model, verifiers, say, limits, reason, cut):
    tokenizer = load_tokenizer(roomy_model)
    bounds = AgentLimits(**AgentsConfig(**limits).model_dump())
    (episodes,) = play([adder_row(0)], 2, Scripted(tokenizer, say), tokenizer, Sampling(max_tokens=150), 1, bounds)
    group = [Rollout.of(episode) for episode in episodes]
    judge = Judge(verifiers, None, {"agent": {"accuracy": 1.0}}, Limits(150, mask=True))
    judge.start(group)
    judge.finish([group])
    assert [(r.row(1)["finish_reason"], r.cut, r.reward) for r in group] == [(reason, cut, None if cut else 0.0)] * 2


def test_every_turn_has_to_keep_the_form(roomy_model, verifiers):
    tokenizer = load_tokenizer(roomy_model)
    scripts = [
        looks_then_answers,
        lambda context, n: looks_then_answers(context, n) if turn_of(context) else call("look", name="a").split("\n\n")[1],
        lambda context, n: looks_then_answers(context, n) if turn_of(context) < 2 else "15",
    ]
    forms = []
    for say in scripts:
        (episodes,) = play([adder_row(0)], 1, Scripted(tokenizer, say), tokenizer, Sampling(max_tokens=200), 1, LIMITS)
        group = [Rollout.of(episodes[0])]
        judge = Judge(verifiers, None, {"agent": {"format": 1.0}}, Limits(200))
        judge.start(group)
        judge.finish([group])
        forms.append((group[0].episode.turns, group[0].reward))
    assert forms == [(3, 1.0), (3, 0.0), (3, 0.0)]


def test_a_trace_has_the_tokens_of_the_episode(roomy_model):
    """Each environment's own traces, said again by a sampler that knows them."""
    tokenizer = load_tokenizer(roomy_model)
    source = BuiltinSource(name="agents", role="traces", type="builtin", generator="agents", size=8)
    rows = [_row(source, draft) for draft, _ in zip(agents.draw(Random(2), agents.PARAMS), range(8), strict=False)]
    assert {json.loads(row["reference"])["environment"] for row in rows} == set(agents.PARAMS["environments"])
    for row in rows:
        said = [m["content"] for m in row["turns"] or [] if m["role"] == "assistant"] + [row["completion"]]
        sampler = Scripted(tokenizer, lambda context, _n, said=said: said[turn_of(context)])
        limits = AgentLimits(max_turns=20, max_context_tokens=20_000)
        ((episode,),) = play([row], 1, sampler, tokenizer, Sampling(max_tokens=400), 1, limits)
        ids, learnt = encode_trace(tokenizer, row)
        rollout = Rollout.of(episode)
        assert episode.verdict.outcome == "correct"
        assert episode.turns == len(said) > 1
        assert ids == episode.prompt_ids + rollout.sample.token_ids
        assert learnt == [False] * len(episode.prompt_ids) + rollout.written


def test_a_trace_of_one_turn_is_encoded_as_ever(tiny_model):
    tokenizer = load_tokenizer(tiny_model)
    row = math_row(0) | {"turns": None, "completion": answer("\\boxed{4}")}
    ids, learnt = encode_trace(tokenizer, row)
    whole = tokenizer(prompt_text(tokenizer, row) + row["completion"], add_special_tokens=False)["input_ids"]
    assert ids == [*whole, tokenizer.eos_token_id]
    assert sum(learnt) == len(tokenizer(row["completion"], add_special_tokens=False)["input_ids"]) + 1


def test_bounds_have_the_loops_own_defaults():
    assert AgentLimits(**AgentsConfig().model_dump()) == AgentLimits()


def test_tables_without_the_columns_of_episodes_are_read(tmp_path, roomy_model):
    tokenizer = load_tokenizer(roomy_model)
    sampler = Scripted(tokenizer, looks_then_answers)
    ((episode,),) = play([adder_row(0)], 1, sampler, tokenizer, Sampling(max_tokens=200), 1, LIMITS)
    row = Rollout.of(episode).row(1)
    path = tmp_path / "t.parquet"
    table = write_table(path, [{k: v for k, v in row.items() if k in COMPLETION.names}], COMPLETION)
    import pyarrow.parquet as pq

    pq.write_table(table.drop_columns(["turns", "calls", "failed_calls"]), path)
    assert read_table(path, COMPLETION).to_pylist()[0]["turns"] is None
