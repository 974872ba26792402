"""Drawing, judging, keeping and publishing, with a sampler that needs no model and the real verifiers."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import COMPLETION, CONTAMINATION, PROBLEM, SAMPLE, SCORE
from openqwq.config import Bounds, Execution
from openqwq.config.evaluate import Benchmark, EvaluateConfig
from openqwq.config.train import Sampling
from openqwq.errors import StageFailure, UserError
from openqwq.evaluate.run import run
from openqwq.evaluate.work import Evaluation, plan, seed_of
from openqwq.stage import Stage

CONFIG = EvaluateConfig(sampling=Sampling(max_tokens=50), held_out_samples=2, bootstrap=200)


@pytest.fixture
def tables(tmp_path: Path, problem_row) -> Path:
    """Ten held-out problems, all with the answer 4, and four of a configured benchmark."""
    write_table(tmp_path / "tables" / "math.parquet", [problem_row(i) for i in range(10)], PROBLEM)
    tools = json.dumps([{"type": "function", "function": {"name": "f"}}])
    rows = [problem_row(i, source="other", domain="tool", tools=tools) for i in range(4)]
    write_table(tmp_path / "tables" / "aime24.parquet", rows, PROBLEM)
    return tmp_path / "tables"


AIME = Benchmark(name="aime24", samples=3, max_tokens=9)


def go(stage: Stage, tables: Path, opener, config=CONFIG, benchmarks=(AIME,), most=0.05, **inputs) -> Path:
    out = tables.parent / "out"
    what = Evaluation(config, list(benchmarks), "reason", {"model": tables, "benchmarks": tables} | inputs)
    with stage.running():
        run(stage, what, out, Execution(bounds=Bounds(unscorable=most)), opener=opener)
    return out


def scores_of(out: Path, benchmark: str, subset: str = "all") -> dict:
    """Value by metric and k."""
    rows = read_table(out / "scores.parquet", SCORE).to_pylist()
    return {(r["metric"], r["k"]): r["value"] for r in rows if (r["benchmark"], r["subset"]) == (benchmark, subset)}


def test_every_sample_is_kept_and_scored(stage, tables, opener):
    """The first sample of each problem is right, the second wrong; k comes from the benchmark or the stage."""
    opened = opener(lambda prompt, sample: "<think>2+2</think>\\boxed{4}" if sample == 0 else "\\boxed{5}…")
    out = go(stage, tables, opened)
    math = read_table(out / "math.parquet", SAMPLE).to_pylist()
    aime = read_table(out / "aime24.parquet", SAMPLE).to_pylist()
    assert [(len(math), len(aime)), opened.opened] == [(20, 12), 1]
    assert [(r["sample"], r["verdict"], r["finish_reason"]) for r in math[:2]] == [
        (0, "correct", "stop"),
        (1, "incorrect", "length"),
    ]
    assert math[0]["prompt"] == "<user>question 0"
    assert aime[0]["prompt"] == "<user>question 0<tools>1"
    scores = {(r["benchmark"], r["metric"]): r for r in read_table(out / "scores.parquet", SCORE).to_pylist()}
    assert json.loads((out / "scores.json").read_text()) == read_table(out / "scores.parquet", SCORE).to_pylist()
    assert scores["math", "avg@k"]["value"] == pytest.approx(0.5)
    assert scores["math", "avg@k"]["k"] == 2
    assert scores["math", "avg@k"]["n"] == 10
    assert scores["math", "avg@k"]["truncated"] == 0.5
    assert scores["math", "pass@k"]["value"] == 1.0
    assert scores["aime24", "avg@k"]["value"] == pytest.approx(1 / 3)
    assert read_manifest(out)["outputs"]["math.parquet"]["rows"] == 20


def test_sampling_follows_the_configuration(stage, tables, opener):
    opened = opener(lambda prompt, sample: "\\boxed{4}")
    go(stage, tables, opened)
    settings = [(set(samples), sampling.max_tokens, set(seeds)) for _, samples, sampling, seeds in opened.sampler.calls]
    assert settings == [({3}, 9, {seed_of(1, "aime24")}), ({2}, 50, {seed_of(1, "math")})]
    assert seed_of(1, "math") != seed_of(2, "math")


def test_a_benchmark_may_be_drawn_in_its_own_way(stage, tables, opener):
    """A greedy one takes nothing over that means nothing to it."""
    opened = opener(lambda prompt, sample: "\\boxed{4}")
    common = CONFIG.model_copy(update={"sampling": Sampling(temperature=0.6, top_p=0.95, top_k=40, max_tokens=50)})
    go(stage, tables, opened, common, [AIME.model_copy(update={"temperature": 0.0})])
    assert [sampling for _, _, sampling, _ in opened.sampler.calls] == [
        Sampling(temperature=0.0, max_tokens=9),
        common.sampling,
    ]
    part = Benchmark(name="aime24", top_k=0).sampling(common.sampling)
    assert part == common.sampling.model_copy(update={"top_k": 0})


def test_a_stage_may_have_fewer_samples_than_the_others(stage, tables, opener):
    """The cap lowers a k above it and raises none; that of another stage does nothing."""
    opened = opener(lambda prompt, sample: "\\boxed{4}")
    go(stage, tables, opened, CONFIG.model_copy(update={"most_samples": {"reason": 2, "base": 1}}))
    assert [set(samples) for _, samples, *_ in opened.sampler.calls] == [{2}, {2}]
    assert [CONFIG.k_of("base", 3), CONFIG.model_copy(update={"most_samples": {"base": 1}}).k_of("base", 3)] == [3, 1]
    with pytest.raises(ValidationError, match="most_samples"):
        EvaluateConfig.model_validate({"most_samples": {"reward": 1}})


def test_a_stage_may_have_fewer_problems_than_the_others_and_shares_all_of_them(stage, tables, opener):
    several = [EvaluateConfig(most_problems={"base": count}) for count in (2, 5, 40)]
    few, more, every = ([p["id"] for p in plan(one, [], tables, "base")["math"].problems] for one in several)
    assert (len(few), len(more), len(every)) == (2, 5, 10)
    assert set(few) < set(more) < set(every)
    assert more == sorted(more)  # in the order of the table
    assert more != every[:5]
    assert plan(several[0], [], tables, "reason")["math"].count == 10
    out = go(
        stage, tables, opener(lambda prompt, sample: "\\boxed{4}"), CONFIG.model_copy(update={"most_problems": {"reason": 2}})
    )
    assert {r["n"] for r in read_table(out / "scores.parquet", SCORE).to_pylist()} == {2}
    for wrong in ({"base": 0}, {"reward": 1}):
        with pytest.raises(ValidationError, match="most_problems"):
            EvaluateConfig.model_validate({"most_problems": wrong})


def test_a_benchmark_may_be_drawn_of_some_checkpoints_alone(stage, tables, opener):
    """Of the others it has neither samples nor scores, and its table may be absent."""
    elsewhere = AIME.model_copy(update={"stages": ["base", "general"]})
    out = go(stage, tables, opener(lambda prompt, sample: "\\boxed{4}"), benchmarks=[elsewhere])
    assert {row["benchmark"] for row in read_table(out / "scores.parquet", SCORE).to_pylist()} == {"math"}
    assert not (out / "aime24.parquet").exists()
    (tables / "aime24.parquet").unlink()
    assert set(plan(CONFIG, [elsewhere], tables, "reason")) == {"math"}
    with pytest.raises(UserError, match="no table of the benchmark 'aime24'"):
        plan(CONFIG, [elsewhere], tables, "general")


def test_a_killed_attempt_keeps_the_benchmarks_it_finished(stage, tables, opener, tmp_path, capsys):
    def dies_in_math(prompt, sample):
        if "<tools>" not in prompt:
            raise KeyboardInterrupt
        return "\\boxed{4}"

    with pytest.raises(KeyboardInterrupt):
        go(stage, tables, opener(dies_in_math))
    assert not (tmp_path / "out").exists()
    again = Stage("evaluate", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    second = opener(lambda prompt, sample: "\\boxed{5}")
    out = go(again, tables, second)
    assert "resuming: 12 of 32 completions are drawn" in capsys.readouterr().err
    assert [len(prompts) for prompts, *_ in second.sampler.calls] == [10]
    scores = {r["benchmark"]: r["value"] for r in read_table(out / "scores.parquet", SCORE).to_pylist() if r["metric"] == "avg@k"}
    assert scores == {"aime24": 1.0, "math": 0.0}


def test_too_many_unscorable_samples_stop_the_stage_and_are_judged_anew(stage, tables, opener, tmp_path, problem_row):
    """A gold that cannot be read is nobody's wrong answer; once the cause is mended nothing is drawn twice."""
    write_table(tables / "math.parquet", [problem_row(i, answer="\\frac{" if i < 2 else "4") for i in range(10)], PROBLEM)
    opened = opener(lambda prompt, sample: "\\boxed{4}")
    with pytest.raises(StageFailure, match=r"math: 4 of 20 completions could not be judged.*kept in"):
        go(stage, tables, opened)
    kept = stage.state / "samples" / "math.parquet"
    rows = read_table(kept, COMPLETION).to_pylist()
    assert [r["verdict"] for r in rows].count("unscorable") == 4
    assert not (tmp_path / "out").exists()
    write_table(kept, [r | {"reference": json.dumps({"answer": "4"})} for r in rows], COMPLETION)  # the cause is mended
    again = Stage("evaluate", config={}, inputs={}, state_root=tmp_path / "state", seed=1, recipe_version=1)
    second = opener(lambda prompt, sample: pytest.fail("drawn twice"))
    out = go(again, tables, second)
    assert second.opened == 0
    assert all(r["verdict"] == "correct" for r in read_table(out / "math.parquet", SAMPLE).to_pylist())


def test_a_few_unscorable_samples_are_left_out_and_counted(stage, tables, opener, problem_row):
    write_table(tables / "math.parquet", [problem_row(i, answer="\\frac{" if i < 2 else "4") for i in range(10)], PROBLEM)
    out = go(stage, tables, opener(lambda p, s: "\\boxed{4}"), most=0.3)
    row = next(r for r in read_table(out / "scores.parquet", SCORE).to_pylist() if r["benchmark"] == "math")
    assert (row["value"], row["n"], row["unscorable"]) == (1.0, 8, pytest.approx(0.2))


def test_rows_without_a_verifier_are_drawn_but_have_no_figure(stage, tables, opener, problem_row):
    rows = [problem_row(i, verifier=None, reference=None, domain="chat") for i in range(3)]
    write_table(tables / "chat.parquet", rows, PROBLEM)
    out = go(stage, tables, opener(lambda p, s: "hello"))
    row = next(r for r in read_table(out / "scores.parquet", SCORE).to_pylist() if r["benchmark"] == "chat")
    assert (row["value"], row["low"], row["n"], row["mean_tokens"]) == (None, None, 0, 5.0)


def test_part_credit_has_a_figure_of_its_own(stage, tables, opener, problem_row):
    reference = {"instruction_id_list": ["punctuation:no_comma", "change_case:english_lowercase"], "kwargs": [{}, {}]}
    rows = [problem_row(i, verifier="instructions", reference=json.dumps(reference), domain="instruction") for i in range(4)]
    write_table(tables / "instruction.parquet", rows, PROBLEM)
    out = go(stage, tables, opener(lambda p, s: "All of This is English text without any commas"))
    rows = {
        r["metric"]: r["value"] for r in read_table(out / "scores.parquet", SCORE).to_pylist() if r["benchmark"] == "instruction"
    }
    assert rows == {"avg@k": 0.0, "pass@k": 0.0, "score@k": 0.5}


def test_tables_that_are_not_there(stage, tables, opener):
    with pytest.raises(UserError, match="no table of the benchmark 'gsm8k'"):
        go(stage, tables, opener(lambda p, s: ""), benchmarks=[Benchmark(name="gsm8k", path="x")])
    write_table(tables / "code.parquet", [], PROBLEM)
    with pytest.raises(UserError, match=r"code.parquet: a benchmark without problems"):
        go(stage, tables, opener(lambda p, s: ""))
    for path in tables.glob("*.parquet"):
        path.unlink()
    with pytest.raises(UserError, match="no benchmark tables"):
        go(stage, tables, opener(lambda p, s: ""), benchmarks=[])


ANSWERS = ("\\boxed{0.5}", "\\boxed{\\frac12}", "\\boxed{4}", "\\boxed{4.0}", "no box")
FIVE = Benchmark(name="aime24", samples=5)


def test_the_most_frequent_answer_decides_and_a_tie_counts_half(stage, tables, opener):
    """Two write one half in two ways, two the gold in two ways, one nothing."""
    out = go(stage, tables, opener(lambda prompt, sample: ANSWERS[sample]), benchmarks=[FIVE])
    rows = read_table(out / "aime24.parquet", SAMPLE).to_pylist()
    assert [r["vote"] for r in rows[:5]] == [1, 1, 0, 0, None]
    scores = scores_of(out, "aime24")
    assert scores["maj@k", 5] == 0.5
    assert scores["pass@k", 2] == pytest.approx(1 - 3 / 10)  # of ten pairs three hold no correct draw
    assert {k for metric, k in scores if metric == "pass@k"} == {2, 4, 5}


def test_problems_that_a_source_touched_are_left_out_of_the_clean_figures(stage, tables, opener, tmp_path):
    row = {"id": "t", "source": "s", "benchmark": "math", "benchmark_id": "p003", "rule": "ngram", "text": "x"}
    table = tmp_path / "contamination.parquet"
    write_table(table, [row, row | {"id": "u"}, row | {"benchmark": "aime24", "benchmark_id": "p999"}], CONTAMINATION)
    reply = opener(lambda prompt, sample: "\\boxed{4}" if "question 3" in prompt else "\\boxed{5}")
    out = go(stage, tables, reply, contamination=table)
    assert (scores_of(out, "math")["avg@k", 2], scores_of(out, "math", "clean")["avg@k", 2]) == (pytest.approx(0.1), 0.0)
    counts = {r["subset"]: r["n"] for r in read_table(out / "scores.parquet", SCORE).to_pylist() if r["benchmark"] == "math"}
    assert counts == {"all": 10, "clean": 9}
    assert scores_of(out, "aime24", "clean") == {}  # no problem of it is touched: all of them are clean


def test_mixed_languages_are_counted(stage, tables, opener):
    out = go(stage, tables, opener(lambda prompt, sample: "so 我们需要计算 it \\boxed{4}" if sample else "plain \\boxed{4}"))
    row = next(r for r in read_table(out / "scores.parquet", SCORE).to_pylist() if r["benchmark"] == "math")
    assert row["mixed"] == 0.5
    assert row["tokens"] == row["mean_tokens"] * 20


def test_best_by_the_reward_model(stage, tables, opener, monkeypatch):
    """The model likes the second sample, which is right in half of the problems."""
    from openqwq.train import scorer

    class Scorer:
        @staticmethod
        def load(checkpoint, batch, dtype):
            return lambda pairs: [float("second" in text) for _, text in pairs]

    monkeypatch.setattr(scorer, "RewardScorer", Scorer)

    def reply(prompt, sample):
        right = int(prompt[-1]) % 2 == 0
        return f"second \\boxed{{{4 if right else 5}}}" if sample else "first \\boxed{4}"

    out = go(stage, tables, opener(reply), benchmarks=[], reward_model=tables)
    assert scores_of(out, "math")["best@k", 2] == 0.5
    assert dict(read_table(out / "math.parquet", SAMPLE).to_pylist()[1]["rewards"]) == {"reward_model": 1.0}
