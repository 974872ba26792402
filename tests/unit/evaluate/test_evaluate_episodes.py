"""Held-out agent problems: played as episodes, kept, scored by environment and by turns, resumed, and never judged from text."""

import json
from contextlib import contextmanager

import pytest
from adder import Adder, adder_row
from scripted import Scripted, answer, call, turn_of

from openqwq.agents.registry import ENVIRONMENTS
from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import PROBLEM, PROFILE, SAMPLE, SCORE
from openqwq.config import Bounds, Execution
from openqwq.config.agents import AgentsConfig
from openqwq.config.evaluate import EvaluateConfig
from openqwq.config.train import ProfileConfig, Sampling
from openqwq.errors import StageFailure
from openqwq.evaluate.run import run
from openqwq.evaluate.work import Evaluation
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.train import profile

SAMPLING = Sampling(max_tokens=200)
CONFIG = EvaluateConfig(
    sampling=SAMPLING, held_out_samples=2, bootstrap=200, agents=AgentsConfig(max_turns=2, max_context_tokens=2000)
)


@pytest.fixture(autouse=True)
def adder(monkeypatch):
    monkeypatch.setitem(ENVIRONMENTS, "adder", Adder)


def played(context, _number):
    """Tasks below 3 are guessed right at once; the others are looked into, and task 4 is never answered."""
    task = int(context.split("Task ")[1].split(".")[0])
    if task < 3:
        return answer(str(15 + task))
    return call("look", name="a") if turn_of(context) == 0 or task == 4 else answer("1000")


def opener_of(checkpoint, say):
    sampler = Scripted(load_tokenizer(checkpoint), say)

    @contextmanager
    def opener(*_):
        yield sampler

    return opener, sampler


def go(stage, tables, checkpoint, say, most=0.05):
    opener, sampler = opener_of(checkpoint, say)
    out = tables.parent / "out"
    with stage.running():
        what = Evaluation(CONFIG, [], "reason", {"model": checkpoint, "benchmarks": tables})
        run(stage, what, out, Execution(bounds=Bounds(unscorable=most)), opener=opener)
    return out, sampler


@pytest.fixture
def tables(tmp_path, problem_row):
    write_table(tmp_path / "tables" / "agent.parquet", [adder_row(i) for i in range(5)], PROBLEM)
    write_table(tmp_path / "tables" / "math.parquet", [problem_row(i) for i in range(2)], PROBLEM)
    return tmp_path / "tables"


def say(context, number):
    return played(context, number) if "<tools>" in context else "\\boxed{4}"


def test_success_by_environment_and_by_turns(stage, tables, tiny_model):
    out, _ = go(stage, tables, tiny_model, say)
    rows = read_table(out / "agent.parquet", SAMPLE).to_pylist()
    assert [(row["problem_id"], row["sample"]) for row in rows[:3]] == [("adder000", 0), ("adder000", 1), ("adder001", 0)]
    assert [(row["verdict"], row["turns"], row["calls"], row["finish_reason"]) for row in rows[::2]] == [
        *[("correct", 1, 0, "stop")] * 3,
        ("incorrect", 2, 1, "stop"),
        ("incorrect", 2, 1, "turns"),
    ]
    assert (
        "<tool_response>\n13\n[One turn is left: answer now. Calls in it are not carried out.]\n</tool_response>"
        in rows[6]["text"]
    )
    scores = {(r["benchmark"], r["metric"]): r for r in read_table(out / "scores.parquet", SCORE).to_pylist()}
    assert (scores["agent", "avg@k"]["value"], scores["agent", "avg@k"]["n"]) == (pytest.approx(0.6), 5)
    parts = {metric: (row["value"], row["n"], row["k"]) for (name, metric), row in scores.items() if "success" in metric}
    assert parts == {
        "success/adder": (pytest.approx(0.6), 5, 2),
        "success/turns=1": (1.0, 3, 2),
        "success/turns=2": (0.0, 2, 2),
    }
    assert {metric for name, metric in scores if name == "math"} == {"avg@k", "pass@k", "maj@k"}
    assert {row["turns"] for row in read_table(out / "math.parquet", SAMPLE).to_pylist()} == {None}


def test_a_killed_attempt_plays_no_episode_twice(stage, tables, tiny_model, tmp_path):
    def dies_in_math(context, number):
        if "<tools>" not in context:
            raise KeyboardInterrupt
        return played(context, number)

    with pytest.raises(KeyboardInterrupt):
        go(stage, tables, tiny_model, dies_in_math)
    again = Stage("evaluate", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    _, sampler = go(again, tables, tiny_model, say)
    assert not [context for context in sampler.asked if "<tools>" in context]


def test_too_many_unscorable_episodes_stop_the_stage_and_are_played_again(stage, tables, tiny_model, tmp_path):
    broken = {"reference": json.dumps({"environment": "adder", "task": {}})}
    write_table(tables / "agent.parquet", [adder_row(i) | (broken if i == 4 else {}) for i in range(5)], PROBLEM)
    with pytest.raises(StageFailure, match=r"agent: 2 of 10 .* the episodes are played again"):
        go(stage, tables, tiny_model, say)
    assert not (stage.state / "samples" / "agent.parquet").exists()
    again = Stage("evaluate", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    out, _ = go(again, tables, tiny_model, say, most=0.3)
    rows = read_table(out / "agent.parquet", SAMPLE).to_pylist()
    assert [(row["verdict"], row["turns"], row["tokens"]) for row in rows[8:]] == [("unscorable", 0, 0)] * 2
    scores = {r["metric"]: r for r in read_table(out / "scores.parquet", SCORE).to_pylist() if r["benchmark"] == "agent"}
    assert (scores["avg@k"]["value"], scores["avg@k"]["unscorable"]) == (0.75, pytest.approx(0.2))
    assert (scores["success/adder"]["n"], scores["success/turns=0"]["value"]) == (4, None)


def test_a_profile_has_pass_rates_of_episodes(stage, tables, tiny_model, tmp_path, monkeypatch, problem_row):
    opener, _ = opener_of(tiny_model, say)
    monkeypatch.setattr(profile, "open_sampler", opener)
    path = tmp_path / "problems.parquet"
    write_table(path, [adder_row(i) for i in range(5)] + [problem_row(i) for i in range(2)], PROBLEM)
    bounds = AgentsConfig(max_turns=2, max_context_tokens=2000)
    config = ProfileConfig(samples=2, sampling=SAMPLING, problems={"math": 2, "agent": 5}, agents=bounds)
    with stage.running():
        profile.run(stage, config, tiny_model, path, tmp_path / "out", Execution())
    rows = read_table(tmp_path / "out" / "profile.parquet", PROFILE).to_pylist()
    assert [row["pass_rate"] for row in rows] == [1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    assert [row["domain"] for row in rows] == ["math"] * 2 + ["agent"] * 5
