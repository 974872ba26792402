"""The stage reward_model on a tiny model: it learns what can be told, and a kill in the control or after it changes no byte."""

import hashlib
import json
from statistics import fmean, pstdev

import pytest
from pair_helpers import completion

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import COMPLETION, PAIR, PREFERENCE
from openqwq.config import Execution
from openqwq.config.train import RewardModelConfig
from openqwq.errors import UserError
from openqwq.stage import Stage
from openqwq.train import control, reward_model
from openqwq.train.reward_model import run
from openqwq.train.scorer import STATISTICS

CONFIG = {
    "epochs": 3,
    "batch_size": 8,
    "micro_batch_size": 8,
    "max_length": 200,
    "optimizer": {"learning_rate": 3e-3},
    "autocast": "none",
    "verdict_pairs": {"domains": ["math"], "held_out": 0.3},
    "control_steps": 4,
}


def preference(number, side, **metadata):
    said = [{"role": "assistant", "content": "good " + "a" * (number % 5)}, {"role": "assistant", "content": "bad! " + "a" * 2}]
    return {
        "id": f"{side}{number}",
        "source": "chats",
        "domain": "chat",
        "messages": [{"role": "user", "content": f"{side} {number}"}],
        "tools": None,
        "verifier": None,
        "reference": None,
        "metadata": json.dumps(metadata) if metadata else None,
        "chosen": said[:1],
        "rejected": said[1:],
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    write_table(folder / "preferences" / "train.parquet", [preference(i, "train", margin=i % 2) for i in range(24)], PREFERENCE)
    write_table(folder / "preferences" / "eval.parquet", [preference(i, "eval") for i in range(8)], PREFERENCE)
    rows = [
        completion(f"p{i}", s, verdict, 12, f"{'4444' if verdict == 'correct' else '7777'} {i}")
        for i in range(20)
        for s, verdict in enumerate(("correct", "incorrect"))
    ]
    write_table(folder / "completions.parquet", rows, COMPLETION)
    return folder


def attempt(folder, tiny_model, inputs, **changes):
    value = CONFIG | changes
    config = RewardModelConfig.model_validate_json(json.dumps(value))
    stage = Stage("reward_model", config=value, inputs={}, state_root=folder / ".state", seed=1, recipe_version=1)
    with stage.running():
        execution = Execution(generation_dtype="float32", saving={"reward_model": 2})
        run(stage, config, tiny_model, inputs / "preferences", inputs / "completions.parquet", folder / "out", execution)
    return folder / "out"


def digest(out):
    files = (out / "checkpoint" / "model.safetensors", out / "accuracy.json", out / "pairs.parquet")
    return [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]


def test_it_learns_from_preferences_and_verdicts_and_tells_where(tiny_model, inputs, tmp_path):
    out = attempt(tmp_path, tiny_model, inputs)
    found = json.loads((out / "accuracy.json").read_text())
    assert found["value"] > 0.9
    assert {row["source"]: row["n"] for row in found["by_source"]} == {"chats": 8, "verdicts/math": 6}
    assert 0.3 < found["baselines"]["longer"]["value"] < 0.7
    assert found["control"]["steps"] == 4
    assert found["control"]["n"] == found["n"] == 14
    rows = read_table(out / "pairs.parquet", PAIR).to_pylist()
    sides = {split: {row["id"] for row in rows if row["split"] == split} for split in ("train", "held_out")}
    assert not sides["train"] & sides["held_out"]
    assert len(sides["train"]) == 24 + 14
    scored = [row for row in rows if row["chosen_score"] is not None]
    assert {row["split"] for row in scored} == {"held_out"}
    assert sum(row["chosen_score"] > row["rejected_score"] for row in scored) / 14 == pytest.approx(found["value"])
    assert {row["chosen_sample"] for row in rows if row["source"] == "verdicts/math"} == {0}
    assert sorted(path.name for path in (tmp_path / ".state").glob("*/*")) == ["control.json", "lock", "metrics.parquet",
                                                                              "progress.json", "saves"]  # fmt: skip


class Killed(BaseException):
    pass


@pytest.mark.parametrize("moment", ["within the control", "between the two", "before publishing"])
def test_a_killed_stage_goes_on_to_the_same_bytes(tiny_model, inputs, tmp_path, monkeypatch, moment):
    whole = attempt(tmp_path / "whole", tiny_model, inputs)

    def dies(*_arguments, **_keywords):
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "within the control":
            patch.setattr(control, "ranked", dies)  # trained and saved, not yet told
        elif moment == "between the two":
            patch.setattr(control.gc, "collect", lambda: None)
            patch.setattr(reward_model, "accuracy", dies)
        else:
            patch.setattr(reward_model, "publish_checkpoint", dies)
        with pytest.raises(Killed):
            attempt(tmp_path / "killed", tiny_model, inputs)
    state = next((tmp_path / "killed" / ".state").iterdir())
    assert (state / "control.json").is_file() == (moment != "within the control")
    assert (state / "control" / "saves" / "checkpoint-4").is_dir() == (moment == "within the control")
    assert digest(attempt(tmp_path / "killed", tiny_model, inputs)) == digest(whole)


def test_no_control_and_no_pairs_from_verdicts_where_none_are_asked_for(tiny_model, inputs, tmp_path):
    out = attempt(tmp_path, tiny_model, inputs, verdict_pairs=None, control_steps=0, epochs=1)
    found = json.loads((out / "accuracy.json").read_text())
    assert found["control"] is None
    assert [row["source"] for row in found["by_source"]] == ["chats"]


def test_margins_reach_the_loss(tiny_model, inputs, tmp_path):
    shared = {"verdict_pairs": None, "control_steps": 0, "epochs": 1}
    without, with_margins = (
        read_loss(attempt(tmp_path / name, tiny_model, inputs, **shared, **more))
        for name, more in (("without", {}), ("with", {"margin": 5.0}))
    )
    # At first all scores are near 0: -log σ(-5) for the half of the pairs with margin 1, -log ½ for the rest.
    assert without == pytest.approx(0.693, abs=0.1)
    assert 1.5 < with_margins < 5.0


def test_centring_holds_the_scores_near_zero(tiny_model, inputs, tmp_path):
    def scores(out):
        rows = [row for row in read_table(out / "pairs.parquet", PAIR).to_pylist() if row["chosen_score"] is not None]
        return [row[side] for row in rows for side in ("chosen_score", "rejected_score")]

    shared = {"verdict_pairs": None, "control_steps": 0}
    free, centred = (
        scores(attempt(tmp_path / name, tiny_model, inputs, **shared, **more))
        for name, more in (("free", {}), ("centred", {"centring": 10.0}))
    )
    assert sum(map(abs, centred)) < 0.5 * sum(map(abs, free))


def test_what_scores_are_normalised_with_is_of_the_held_out_pairs(tiny_model, inputs, tmp_path):
    out = attempt(tmp_path, tiny_model, inputs, control_steps=0)
    rows = [row for row in read_table(out / "pairs.parquet", PAIR).to_pylist() if row["chosen_score"] is not None]
    scores = [row[side] for row in rows for side in ("chosen_score", "rejected_score")]
    stored = json.loads((out / "checkpoint" / STATISTICS).read_text())
    assert stored["mean"] == pytest.approx(fmean(scores))
    assert stored["deviation"] == pytest.approx(pstdev(scores))


def read_loss(out):
    from openqwq.artifacts.schemas import METRIC

    rows = read_table(out / "metrics.parquet", METRIC).to_pylist()
    return next(row["value"] for row in rows if row["name"] == "loss" and row["step"] == 1)


def test_a_margin_that_no_pair_has_is_refused(tiny_model, inputs, tmp_path):
    folder = tmp_path / "bare"
    for side in ("train", "eval"):
        rows = [preference(i, side) for i in range(8)]
        write_table(folder / "preferences" / f"{side}.parquet", rows, PREFERENCE)
    with pytest.raises(UserError, match=r"reward_model\.margin: no pair of .* has a metadata\.margin above 0"):
        attempt(tmp_path, tiny_model, folder, margin=1.0, verdict_pairs=None)


def test_nothing_held_out_is_refused(tiny_model, inputs, tmp_path):
    folder = tmp_path / "bare"
    write_table(folder / "preferences" / "train.parquet", [preference(1, "train")], PREFERENCE)
    write_table(folder / "preferences" / "eval.parquet", [], PREFERENCE)
    with pytest.raises(UserError, match=r"1 preference pairs .* and 0 held out"):
        attempt(tmp_path, tiny_model, folder, verdict_pairs=None)
