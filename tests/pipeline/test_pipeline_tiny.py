"""A finished run: every artifact stands, is whole, and is not made twice."""

import html
import json
import os
import re
import subprocess
import zipfile
from itertools import pairwise

import pandas as pd
import pytest
import yaml
from conftest import BIN, ROOT, planned

from openqwq.artifacts.files import read_table
from openqwq.artifacts.lineage import check, lineage
from openqwq.artifacts.schemas import COMPLETION, METRIC, PROBLEM, PROFILE, ROLLOUT, SAMPLE, SCORE, TRACE
from openqwq.cli import main

STAGES = ("base", "coldstart", "reason", "general")
BENCHMARKS = {"math", "code", "instruction", "tool", "agent", "humaneval", "bfcl_simple"}

pytestmark = pytest.mark.timeout(1500)  # the run itself is made in the first test that asks for it


def test_every_artifact_is_whole(tiny, capsys):
    check(tiny.run)
    published = capsys.readouterr().out
    for name in ("base_model", "curate", "coldstart", "profile", "reason", "reward_model", "general", "report.html"):
        assert f"ok      {tiny.run / name}\n" in published
    assert not list((tiny.run / ".state").iterdir()), "published stages keep no state"


def test_the_cold_start_leaves_problems_to_learn_from(tiny):
    profile = read_table(tiny.run / "profile" / "profile.parquet", PROFILE).to_pandas()
    between = profile[(profile.domain == "math") & profile.pass_rate.between(0.2, 0.8)]
    assert len(between) >= 16


def test_the_loss_on_held_out_traces_is_measured_and_falls(tiny):
    metrics = read_table(tiny.run / "coldstart" / "metrics.parquet", METRIC).to_pandas()
    held_out = metrics[metrics.name == "eval_loss"]
    assert len(held_out) == 4
    assert held_out.step.max() == metrics.step.max()
    assert held_out.value.iloc[-1] < metrics[metrics.name == "loss"].value.iloc[0]


def test_both_rl_stages_moved_the_weights_and_kept_their_rollouts(tiny):
    from safetensors.numpy import load_file

    weights = [load_file(tiny.run / s / "checkpoint" / "model.safetensors") for s in STAGES[1:]]
    for before, after in pairwise(weights):
        assert max(abs(before[name] - after[name]).max() for name in before) > 0
    for stage, steps in (("reason", 3), ("general", 2)):
        folder = tiny.run / stage
        tables = sorted((folder / "rollouts").glob("*.parquet"))
        assert len(tables) == steps
        rollouts = pd.concat([read_table(t, ROLLOUT).to_pandas() for t in tables])
        assert set(rollouts.verdict) <= {"correct", "incorrect"}
        assert not rollouts.reward.isna().any()
        metrics = read_table(folder / "metrics.parquet", METRIC).to_pandas()
        assert set(metrics.step) == set(range(1, steps + 1))
        assert {"loss", "reward", "generated_length/mean", "live_share", "zero_variance_share", "entropy"} <= set(metrics.name)
    assert {"reward/reward_model", "watch/reward_model"} <= set(metrics.name)
    gated = rollouts[(rollouts.domain == "instruction") & (rollouts.verdict == "incorrect")]
    assert all(dict(rewards)["reward_model"] == 0 for rewards in gated.rewards)
    assert gated.reward_model.between(0.04, 0.96).all()


def test_episodes_are_learnt_from_profiled_trained_on_and_evaluated(tiny):
    traces = read_table(tiny.run / "curate" / "traces" / "train.parquet", TRACE).to_pandas()
    assert traces[traces.domain == "agent"].turns.notna().all()
    rollouts = pd.concat([read_table(t, ROLLOUT).to_pandas() for t in (tiny.run / "general" / "rollouts").glob("*.parquet")])
    profiled = read_table(tiny.run / "profile" / "completions.parquet", COMPLETION).to_pandas()
    evaluated = read_table(tiny.run / "evaluate" / "general" / "agent.parquet", SAMPLE).to_pandas()
    for table in (rollouts, profiled, evaluated):
        episodes = table[table.domain == "agent"]
        assert len(episodes)
        assert episodes.turns.between(1, 3).all()
        assert table[table.domain != "agent"].turns.isna().all()
    tried = pd.concat([table[table.domain == "agent"] for table in (rollouts, profiled, evaluated)])
    assert (tried.calls >= 1).any(), "the cold start has shown how tools are called"
    groups = rollouts[rollouts.domain == "agent"].groupby(["step", "problem_id"]).reward.nunique()
    assert (groups > 1).any(), "a group of episodes was trained on"
    scores = read_table(tiny.run / "evaluate" / "scores.parquet", SCORE).to_pandas()
    assert set(scores[scores.metric == "success/python"].stage) == set(STAGES)
    assert "Share of episodes that reached their goal" in (tiny.run / "report.html").read_text()


def test_every_sample_of_the_evaluation_is_kept_and_the_scores_follow_from_them(tiny):
    scores = read_table(tiny.run / "evaluate" / "scores.parquet", SCORE).to_pandas()
    scores = scores[(scores.metric == "avg@k") & (scores.subset == "all")].set_index(["stage", "benchmark"])
    for stage in STAGES:
        assert {p.stem for p in (tiny.run / "evaluate" / stage).glob("*.parquet")} - {"scores"} == BENCHMARKS
        for benchmark in BENCHMARKS:
            samples = read_table(tiny.run / "evaluate" / stage / f"{benchmark}.parquet", SAMPLE).to_pandas()
            row = scores.loc[(stage, benchmark)]
            assert row.n == samples.problem_id.nunique()
            assert row.value == pytest.approx((samples.verdict == "correct").mean())
            assert row.low <= row.value <= row.high
            assert row.low < row.high
    gate, plan, final = (json.loads((tiny.run / "evaluate" / f"{n}.json").read_text()) for n in ("gate", "gate_plan", "final"))
    assert (
        {row["benchmark"] for row in plan["benchmarks"]} == {row["benchmark"] for row in gate["benchmarks"]} == {"math", "code"}
    )
    assert final["stage"] == ("reason" if gate["verdict"] == "fail" else "general")
    assert {row["benchmark"]: row["k"] for row in plan["benchmarks"]} == {"math": 2, "code": 1}


def test_nothing_held_out_is_trained_on(tiny):
    train = read_table(tiny.run / "curate" / "problems" / "train.parquet", PROBLEM).to_pylist()
    seen = {row["messages"][-1]["content"] for row in train}
    for name in ("math", "code", "instruction", "tool", "agent"):
        held = read_table(tiny.run / "curate" / "benchmarks" / f"{name}.parquet", PROBLEM).to_pylist()
        assert held
        assert not seen & {row["messages"][-1]["content"] for row in held}


def test_the_lineage_goes_back_to_the_base_model(tiny):
    tree = lineage(tiny.run / "general" / "checkpoint")
    assert tree["inputs"]["model"]["stage"] == "reason"
    assert tree["inputs"]["model"]["inputs"]["model"]["inputs"]["model"]["stage"] == "import_model"
    assert all(node["unchanged"] for node in tree["inputs"].values())
    assert "reason" in json.loads((tiny.run / "lineage.json").read_text())


def test_stored_rollouts_can_be_judged_again(tiny, tmp_path):
    stored = tiny.run / "evaluate" / "coldstart" / "math.parquet"
    assert main(["verify", str(stored), str(tmp_path / "again.parquet")]) == 0
    again = pd.read_parquet(tmp_path / "again.parquet")
    assert list(again.verdict) == list(read_table(stored, SAMPLE).to_pandas().verdict)


def test_progress_was_shown(tiny, capsys):
    output = (tiny.folder / "output.txt").read_text()
    for line in (r"\[coldstart\] step 180/180  loss", r"\[reason\] step 3/3  loss \S+  reward", r"\[evaluate-general\] "):
        assert re.search(line.replace("180", r"\d+"), output), line
    assert "left" in output
    assert main(["status", str(tiny.run)]) == 0
    assert re.search(r"^reason +done", capsys.readouterr().out, re.MULTILINE)


def test_a_finished_run_is_left_alone(tiny):
    again = tiny.snakemake("all")
    assert again.returncode == 0
    assert "Nothing to be done" in again.stdout


def test_touching_the_package_or_tuning_the_execution_reruns_nothing(tiny, tmp_path):
    os.utime(ROOT / "workflow" / "openqwq" / "train" / "grpo.py")
    assert "Nothing to be done" in tiny.snakemake("all", "-n").stdout
    values = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    values["execution"] |= {"generation_batch": 7, "saving": {"reason": 2, "keep": 3, "evaluate": 2}, "shards": 2}
    values["execution"] |= {"evaluate_shards": 3, "profile_shards": 2, "bounds": {"unscorable": 0.2}}
    (tmp_path / "tuned.yaml").write_text(yaml.safe_dump(values))
    assert "Nothing to be done" in tiny.snakemake("all", "-n", config=tmp_path / "tuned.yaml").stdout


@pytest.mark.parametrize("own", [{"max_tokens": 40}, {"temperature": 0.0}, {"top_p": 0.5, "top_k": 3}])
def test_how_a_benchmark_is_sampled_retrains_nothing(tiny, tmp_path, own):
    values = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    values["benchmarks"][0] |= own
    (tmp_path / "longer.yaml").write_text(yaml.safe_dump(values))
    jobs = planned(tiny.snakemake("all", "-n", config=tmp_path / "longer.yaml").stdout)
    assert {k: v for k, v in jobs.items() if k != "total"} == {
        "evaluate_shard": 4,
        "evaluate_shards": 4,
        "evaluate_checkpoint": 4,
        "gate_plan": 1,
        "compare": 1,
        "evaluate": 1,
        "report": 1,
        "all": 1,
    }


@pytest.mark.parametrize("cap", ["most_samples", "most_problems"])
def test_another_cap_on_one_stages_samples_evaluates_that_one_alone(tiny, tmp_path, cap):
    values = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    values["evaluate"][cap] = {"base": 1}
    (tmp_path / "capped.yaml").write_text(yaml.safe_dump(values))
    jobs = planned(tiny.snakemake("all", "-n", config=tmp_path / "capped.yaml").stdout)
    assert (jobs["evaluate_shard"], jobs["evaluate_checkpoint"]) == (1, 1)
    assert "gate_plan" not in jobs


def test_a_forced_stage_reruns_itself_and_what_depends_on_it(tiny):
    jobs = planned(tiny.snakemake("all", "-n", "-R", "reason").stdout)
    assert {k: v for k, v in jobs.items() if k != "total"} == {
        "reason": 1,
        "general": 1,
        "evaluate_shard": 2,
        "evaluate_shards": 2,
        "evaluate_checkpoint": 2,
        "gate_plan": 1,
        "compare": 1,
        "evaluate": 1,
        "report": 1,
        "all": 1,
    }
    assert "reason" not in planned(tiny.snakemake("all", "-n", "-R", "general").stdout)


def test_another_seed_is_another_run_beside_the_first(tiny):
    output = tiny.snakemake("reason", "-n", "--config", "run=second", "seed=7").stdout
    assert set(planned(output)) == {
        *("import_model", "curate_shard", "curate_shards", "curate", "coldstart"),
        *("profile_shard", "profile_shards", "profile", "reason", "total"),
    }
    assert "results/second/reason" in output
    assert "Nothing to be done" in tiny.snakemake("all", "-n").stdout


def test_the_report_is_one_page_and_snakemake_reports_too(tiny):
    page = (tiny.run / "report.html").read_text()
    assert "coldstart" in page
    assert "made from another state" not in page
    assert not re.search(r'(src|href)="https?://', page)
    done = tiny.snakemake("all", "--report", "report.zip")
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(tiny.folder / "report.zip") as archive:
        files = {name.rpartition("/")[2] for name in archive.namelist()}
        listed = archive.read("report/report.html").decode()
    figures = ["curate.funnel", "evaluate.scores"]
    figures += [f"{stage}.curves" for stage in ("coldstart", "reason", "reward_model", "general")]
    assert {*(f"{figure}.svg" for figure in figures), "scores.json", "gate.json"} <= files
    categories = json.loads(re.search(r"var categories = ({.*);", listed)[1])
    assert set(categories) == {"curate", "coldstart", "reason", "reward_model", "general", "evaluate", "report"}
    results = json.loads(re.search(r"var results = ({.*);", listed)[1])
    labels = {(result["labels"]["what"], result["name"]) for result in results.values()}
    assert {("regression gate", "gate.json"), ("curves", "reason.curves.svg"), ("lineage", "lineage.json")} <= labels
    captions = {result["name"]: " ".join(html.unescape(result["caption"]).split()) for result in results.values()}
    assert all(captions.values())
    assert "Curves of the stage reason by optimizer step" in captions["reason.curves.svg"]
    assert "avg@k of every checkpoint on every benchmark" in captions["evaluate.scores.svg"]
    assert "Rows that went into each step of curation" in captions["curate.funnel.svg"]


def test_samples_are_shown_in_a_terminal(tiny, capsys):
    assert main(["samples", str(tiny.run), "--stage", "reason", "--benchmark", "math", "--n", "1"]) == 0
    said = capsys.readouterr().out
    assert "reason on math: " in said


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (["--config", "sed=1"], "unknown key 'sed'"),
        (["--config", "seed=one"], "seed: "),
        (["--config", "run=../up"], "run: "),
    ],
)
def test_a_mistyped_key_ends_the_parse_with_one_paragraph(tiny, change, named):
    done = tiny.snakemake("-n", "all", *change)
    assert done.returncode == 2
    assert named in done.stdout
    assert "Traceback" not in done.stdout
    assert [line for line in done.stdout.splitlines() if line.startswith("openqwq: ")] == [done.stdout.strip().splitlines()[-1]]


def test_an_error_inside_a_rule_is_the_last_paragraph_of_its_log(tiny, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    values = yaml.safe_load((ROOT / "config" / "tiny.yaml").read_text())
    values |= {"run": "broken", "base_model": {"type": "folder", "path": str(tmp_path / "model")}}
    config = tmp_path / "broken.yaml"
    config.write_text(yaml.safe_dump(values))
    done = tiny.snakemake("import_model", config=config)
    assert done.returncode == 1
    log = (tiny.folder / "results" / "broken" / "logs" / "import_model.log").read_text()
    assert log.strip().splitlines()[-1].startswith("openqwq: ")
    assert "no weights (*.safetensors)" in log
    assert "Traceback" not in log
    assert not (tiny.folder / "results" / "broken" / "base_model").exists()


def test_the_cluster_configuration_plans_every_stage():
    done = subprocess.run(
        [str(BIN / "snakemake"), "--profile", "slurm", "-n", "all"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert planned(done.stdout + done.stderr)["total"] == 43
    assert "results/qwq-32b/general" in done.stdout + done.stderr


def test_release_is_a_target_of_its_own_and_nothing_else_runs(tiny):
    done = tiny.snakemake("release")
    assert done.returncode == 0, done.stdout[-3000:]
    folder = tiny.run / "release"
    final = json.loads((tiny.run / "evaluate" / "final.json").read_text())["stage"]
    assert json.loads((folder / "openqwq" / "lineage.json").read_text())["stage"] == final
    card = (folder / "README.md").read_text()
    for part in ("| sums | problems | Apache-2.0 |", "## Regression gate", "## Scores", "## Contamination", "## Known limits"):
        assert part in card
    output = tiny.snakemake("release", "all", "-n").stdout
    assert "Nothing to be done" in output
