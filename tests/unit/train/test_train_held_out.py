"""Held-out rows are measured at the quarters; a request to stop gives that up, and the next attempt makes up for it."""

import pytest
from train_sft_helpers import LAST, cold_start, saves, write_traces

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import METRIC
from openqwq.stopping import Stopped
from openqwq.train import sft

ROWS = 6


def timeless(out):
    rows = read_table(out / "metrics.parquet", METRIC).to_pylist()
    return [(row["step"], row["name"], row["value"]) for row in rows], (out / "checkpoint" / "model.safetensors").read_bytes()


@pytest.mark.parametrize("at", [2, LAST])
def test_a_request_does_not_wait_for_the_held_out_rows(tiny_model, tmp_path, monkeypatch, at):
    traces, seen = write_traces(tmp_path / "traces", held_out=ROWS), []
    whole = cold_start(tmp_path / "whole", tiny_model, traces)

    class Asked(sft.ColdStartTrainer):
        def prediction_step(self, *positional, **keywords):
            if self.state.global_step == at:
                seen.append(at)
                stopping.asked = "SIGTERM"
            return super().prediction_step(*positional, **keywords)

    original = sft.train

    def train(stage, *positional, **keywords):
        nonlocal stopping
        stopping = stage.stopping
        original(stage, *positional, **keywords)

    stopping = None
    with monkeypatch.context() as patch:
        patch.setattr(sft, "ColdStartTrainer", Asked)
        patch.setattr(sft, "train", train)
        with pytest.raises(Stopped, match=f"stopped by SIGTERM after step {at} of {LAST}"):
            cold_start(tmp_path / "stopped", tiny_model, traces, every=1000)
    assert len(seen) == 1, "the first of them was the last"
    assert saves(tmp_path / "stopped") == {f"checkpoint-{at}"}
    resumed = cold_start(tmp_path / "stopped", tiny_model, traces)
    assert timeless(resumed) == timeless(whole)
    assert sum(name == "eval_loss" for _, name, _ in timeless(whole)[0]) == 4
