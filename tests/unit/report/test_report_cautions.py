"""What a reader is warned of, and that nobody is warned of nothing."""

import json

import pytest

from openqwq.artifacts.files import write_json
from openqwq.report.cautions import cautions
from openqwq.report.provenance import cards, stale
from openqwq.report.runfolder import RunFolder

SCORE = {"stage": "reason", "benchmark": "math", "metric": "avg@k", "subset": "all", "truncated": 0.0, "unscorable": 0.0}
CLEAN = {"reason": {"code": {"commit": "a" * 40, "dirty": False}, "outputs": {}}}
PASSED = {"verdict": "pass", "margin": 0.03, "benchmarks": []}


def texts(gate=PASSED, scores=(SCORE,), manifests=CLEAN, metrics=None, accuracy=None) -> list[str]:
    return [c["text"] for c in cautions(gate, list(scores), manifests, metrics or {}, accuracy)]


def test_a_clean_run_has_no_cautions():
    dead = [{"step": 1, "name": "zero_variance_share", "value": 0.3}]
    assert texts(metrics={"reason": dead}, accuracy={"value": 0.8, "low": 0.7, "high": 0.9, "n": 90}) == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"gate": PASSED | {"verdict": "fail"}}, "gate failed"),
        ({"gate": PASSED | {"verdict": "not enough samples"}}, "undecided"),
        (
            {"gate": PASSED | {"verdict": "not measured", "benchmarks": [{"why": "no samples of general"}]}},
            "no samples of general",
        ),
        ({"scores": [SCORE | {"truncated": 0.4}]}, "Reason: many completions ended at the token limit (math 40 %)"),
        ({"scores": [SCORE | {"unscorable": 0.02}]}, "could not be judged"),
        ({"metrics": {"reason": [{"step": 1, "name": "zero_variance_share", "value": 0.9}]}}, "90 % of the groups"),
        (
            {"metrics": {"reason": [{"step": s, "name": "live_share", "value": v} for s, v in enumerate((1.0, 0.75, 0.96))]}},
            "1 of 3 steps trained on less than 95 % of the configured completions",
        ),
        ({"accuracy": {"value": 0.55, "low": 0.48, "high": 0.62, "n": 90}}, "interval reaches 50 %"),
        (
            {"accuracy": {"value": 0.7, "low": 0.6, "high": 0.8, "baselines": {"length": {"rule": "shorter", "value": 0.65}}}},
            "preferring the shorter completion is right on 65.0 % of its held-out pairs, and its own interval begins at 60.0 %",
        ),
        ({"accuracy": {"value": 0.9, "low": 0.8, "high": 0.95, "control": {"value": 0.7, "low": 0.6}}}, "shuffled labels"),
        (
            {
                "manifests": {
                    n: CLEAN["reason"] | {"finished": f"2026-11-23T09:{minute}:00+00:00"}
                    for n, minute in (("evaluate/gate_plan.json", 50), ("evaluate/general", 40))
                }
            },
            "plan was written after the results",
        ),
        ({"manifests": {"reason": {"code": {"commit": "a", "dirty": True}}}}, "uncommitted changes in the code: reason"),
        ({"manifests": {"reason": {"code": {"commit": None, "dirty": None}}}}, "outside a git checkout"),
        (
            {
                "manifests": {
                    n: CLEAN["reason"] | {"stage": f"evaluate-{n}", "execution": {"engine": e, "generation_dtype": "float32"}}
                    for n, e in (("base", "vllm"), ("reason", "transformers"))
                }
            },
            "not sampled in the same way (transformers in float32 and vllm in float32)",
        ),
        (
            {
                "manifests": {
                    "base": CLEAN["reason"]
                    | {
                        "stage": "evaluate-base",
                        "execution": {"engine": "vllm", "generation_dtype": "float32"},
                        "facts": {"drawn_with": [{"engine": "vllm", "generation_dtype": d} for d in ("float32", "bfloat16")]},
                    }
                }
            },
            "not sampled in the same way (vllm in bfloat16 and vllm in float32)",
        ),
        ({"manifests": {n: {"code": {"commit": n, "dirty": False}} for n in "ab"}}, "2 different commits"),
    ],
)
def test_each_caution_has_its_cause(given, says):
    found = texts(**given)
    assert len(found) == 1
    assert says in found[0]


def test_serious_ones_come_first():
    found = cautions(PASSED | {"verdict": "fail"}, [SCORE | {"truncated": 0.5}], {}, {}, None)
    assert [c["level"] for c in found] == ["serious", "note"]


def test_inputs_that_still_stand_are_not_stale(run_folder):
    assert stale(RunFolder(run_folder).manifests()) == []


@pytest.mark.parametrize("part", ["checkpoint/config.json", "metrics.parquet"])
def test_an_input_that_was_replaced_is_named(run_folder, part):
    """Only what used the replaced part is stale: training read the checkpoint, nobody the curves."""
    path = run_folder / "coldstart" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["outputs"][part]["sha256"] = "0" * 64
    write_json(path, manifest | {"content": "1" * 64})
    found = set(stale(RunFolder(run_folder).manifests()))
    users = ("profile", "reason", "reward_model", "evaluate/coldstart")
    assert found == ({(user, "coldstart/checkpoint") for user in users} if part.startswith("checkpoint") else set())


def test_inputs_lead_to_the_artifact_that_holds_them(run_folder):
    found = {card["name"]: card for card in cards(RunFolder(run_folder).manifests())}
    links = {row["key"]: (row["path"], row["anchor"]) for row in found["reason"]["inputs"]}
    assert links["policy"] == ("coldstart/checkpoint", "artifact-coldstart")
    links = {row["key"]: (row["path"], row["anchor"]) for row in found["evaluate/gate.json"]["inputs"]}
    assert links["general"] == ("evaluate/general", "artifact-evaluate-general")
    assert list(found)[:2] == ["base_model", "curate"]
