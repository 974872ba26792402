"""A run that diverges is a failure with a remedy: nothing is published, and the last good save stays."""

import pytest
import torch
from train_sft_helpers import LAST, cold_start, saves, write_traces

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import METRIC
from openqwq.errors import StageFailure
from openqwq.train import sft
from openqwq.train.divergence import hold_figures, hold_weights


@pytest.fixture
def traces(tmp_path):
    return write_traces(tmp_path / "traces")


def test_a_loss_that_is_no_number_ends_the_stage_before_it_is_saved(tiny_model, tmp_path, traces):
    said = r"coldstart: training diverged at step 2: the (loss|gradient's norm) is nan"
    with pytest.raises(StageFailure, match=said) as failure:
        cold_start(tmp_path, tiny_model, traces, 1e10)
    assert "The save of step 1 is kept" in str(failure.value)
    assert "lower optimizer.learning_rate" in str(failure.value)
    assert not (tmp_path / "coldstart").exists()
    assert saves(tmp_path) == {"checkpoint-1"}


def test_weights_that_are_no_numbers_are_neither_saved_nor_published(tiny_model, tmp_path, traces, monkeypatch):
    from transformers import TrainerCallback

    class Break(TrainerCallback):
        def on_step_end(self, args, state, control, model=None, **_):
            if state.global_step == LAST:
                with torch.no_grad():
                    next(model.parameters()).view(-1)[0] = float("inf")

    class Broken(sft.ColdStartTrainer):
        def __init__(self, **keywords):
            super().__init__(**keywords, callbacks=[Break()])

    monkeypatch.setattr(sft, "ColdStartTrainer", Broken)
    with pytest.raises(StageFailure, match=f"diverged at step {LAST}: the weights are no finite numbers any more"):
        cold_start(tmp_path, tiny_model, traces)
    assert not (tmp_path / "coldstart").exists()
    assert saves(tmp_path) == {f"checkpoint-{LAST - 2}", f"checkpoint-{LAST - 1}"}


def test_a_run_that_converges_is_published_with_all_its_losses(tiny_model, tmp_path, traces):
    published = cold_start(tmp_path, tiny_model, traces)
    rows = read_table(published / "metrics.parquet", METRIC).to_pylist()
    assert [row["step"] for row in rows if row["name"] == "loss"] == list(range(1, LAST + 1))


@pytest.mark.parametrize(
    ("figures", "said"),
    [
        ({"loss": float("inf"), "grad_norm": 1.0}, "the loss is inf"),
        ({"loss": 1.0, "grad_norm": float("nan")}, "the gradient's norm is nan"),
        ({"eval_loss": float("nan")}, "the loss on the held-out rows is nan"),
    ],
)
def test_each_figure_is_held(figures, said):
    with pytest.raises(StageFailure, match=f"reason: training diverged at step 7: {said}. Nothing of it was saved"):
        hold_figures("reason", 7, figures, 0)


def test_what_is_finite_passes():
    hold_figures("reason", 7, {"loss": -0.5, "grad_norm": 0.0}, 0)
    model = torch.nn.Linear(3, 3)
    hold_weights("reason", 7, model, 0)
    with torch.no_grad():
        model.bias[1] = float("nan")
    with pytest.raises(StageFailure, match=r"\(bias\)"):
        hold_weights("reason", 7, model, 0)
