"""Runs a trainer from the last good save to its last step, with progress and curves."""

import math
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accelerate.utils import gather_object
from transformers import PrinterCallback, TrainerCallback

from openqwq import ranks
from openqwq.artifacts.files import read_table, replacing
from openqwq.artifacts.schemas import METRIC
from openqwq.errors import StageFailure
from openqwq.stage import Stage
from openqwq.stopping import MARGIN, Stopped, Stopping
from openqwq.train import distributed
from openqwq.train.divergence import hold_figures, hold_weights
from openqwq.train.metrics import MetricLog
from openqwq.train.saves import WRITE_RATE, SealedSaves, newest_good_save, read_durations, removed_if_torn
from openqwq.train.summing import SumExactly
from openqwq.train.trackers import open_trackers, require_packages

# What the trainer calls its figures, and what we do.
RENAMED = {"grad_norm": "grad_norm", "loss": "loss", "learning_rate": "learning_rate", "mean_token_accuracy": "token_accuracy"}
METRICS = "metrics.parquet"
SHOWN = ("loss", "reward", "accuracy", "token_accuracy")


class Report(TrainerCallback):
    """Passes the trainer's figures on to the progress line and the metric table; ends the stage where they have diverged."""

    def __init__(
        self,
        stage: Stage,
        metrics: MetricLog,
        names: dict[str, str],
        extra: Callable[[], dict[str, float]],
        saved_step: Callable[[], int],
    ) -> None:
        self.stage, self.metrics, self.names, self.extra, self.saved_step = stage, metrics, names, extra, saved_step

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        # Before the save of this step, which the trainer takes after it has logged.
        hold_figures(self.stage.name, state.global_step, logs or {}, self.saved_step())
        values = {new: float(logs[old]) for old, new in self.names.items() if logs and isinstance(logs.get(old), int | float)}
        if "loss" not in values:
            held_out = (logs or {}).get("eval_loss")  # else the trainer's closing summary
            if held_out is not None:
                self.metrics.add(state.global_step, {"eval_loss": float(held_out)})
                self.stage.progress.say(f"step {state.global_step}/{state.max_steps}  eval_loss {held_out:.3g}")
            return
        values |= self.extra()
        self.metrics.add(state.global_step, values)
        shown = {name: values[name] for name in SHOWN if name in values}
        self.stage.progress.update("step", state.global_step, state.max_steps, **shown)


class EvaluateAtQuarters(TrainerCallback):
    """Measures the loss on the held-out rows four times, the last at the end.

    A request to stop gives a measurement up; the attempt that resumes after its step, from `save`, begins with it.
    """

    def __init__(self, trainer: Any, save: Path | None) -> None:
        self.trainer, self.save = trainer, save

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        if self.save is not None and self._due(state) and (self.save / METRICS).is_file():
            rows = read_table(self.save / METRICS, METRIC).to_pylist()
            if not any(row["name"] == "eval_loss" and row["step"] == state.global_step for row in rows):
                self.trainer.evaluate()

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._due(state):
            control.should_evaluate = True

    def _due(self, state: Any) -> bool:
        return state.global_step in {math.ceil(state.max_steps * quarter / 4) for quarter in (1, 2, 3, 4)}


class StopInTime(TrainerCallback):
    """Ends training where nothing is lost, when a signal has asked for it or when the deadline leaves no time for a step.

    - A request that comes while rollouts are made ends them at once (`Stopping.exposed`); one that comes in the forward and
      backward passes, or while held-out rows are measured, at the end of the micro-batch. Until the optimizer steps, the
      state is still that of the last finished step: `train` saves it if it is not on disk.
    - With several processes nobody may leave the others waiting in a collective operation: they agree at the end of a
      step, and stop there. They leave in the middle of one only where its start is on disk, so that none has to save; and
      so does one process within a batch of rollouts that serves several steps, for the middle of it cannot be resumed.
    - The deadline counts the longest step and the longest save so far, and the time to end.
    """

    def __init__(self, stopping: Stopping, trainer: SealedSaves) -> None:
        self.stopping, self.trainer = stopping, trainer
        self.begun = time.monotonic()
        self.guess = expected_save_seconds(trainer.model)
        self._set_margin()

    def on_train_begin(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        state.save_steps = args.save_steps  # a resumed trainer would keep to those of the attempt before

    def on_step_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        self.begun = time.monotonic()
        resumable = self.trainer.resumable_step()
        can_save = self.trainer.accelerator.num_processes == 1 and resumable == state.global_step
        self.stopping.interruptible = can_save or self.trainer.saved_step == resumable
        self.on_substep_end()

    def on_substep_end(self, *_: Any, **__: Any) -> None:
        with self.stopping.exposed():  # raises if asked
            pass

    def on_prediction_step(self, *_: Any, **__: Any) -> None:
        self.on_substep_end()

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        durations, stopping = self.trainer.durations, self.stopping
        durations.step = max(durations.step, time.monotonic() - self.begun)
        self._set_margin()
        if state.global_step >= state.max_steps:
            return
        if stopping.left() < durations.step:
            stopping.asked = stopping.asked or "the deadline"
        # What comes during the collective is for the next step, and not forgotten.
        if agreed := next(filter(None, gather_object([stopping.asked])), ""):
            stopping.asked = agreed
            control.should_save = control.should_training_stop = True

    def _set_margin(self) -> None:
        self.stopping.margin = MARGIN + 1.25 * (self.trainer.durations.save or self.guess)


def find_save(stage: Stage, lacks: Callable[[Path], str | None] = lambda _save: None) -> tuple[Path | None, int]:
    """The save to resume from and its step; says so. `lacks` as in `newest_good_save`.

    Raises `UserError` for a tracker that is not installed.
    """
    require_packages(stage.execution.get("trackers", []))
    save, step = distributed.from_main(lambda: newest_good_save(stage.state / "saves", stage.progress, lacks))
    if save is not None:
        stage.progress.say(f"resuming from step {step}, fingerprint {stage.fingerprint[:12]}")
    else:
        stage.progress.say(f"training from step 0, fingerprint {stage.fingerprint[:12]}")
    return save, step


def train(
    stage: Stage,
    trainer: Any,
    save: Path | None,
    step: int,
    *,
    names: dict[str, str] | None = None,
    extra: Callable[[], dict[str, float]] = dict,
    beside: Callable[[Path], None] = lambda _folder: None,
) -> None:
    """Trains to the last step. Raises `Stopped` where it was asked to stop, `StageFailure` when it stops early or diverges.

    `trainer` is one with `SealedSaves`. `names` maps its figures to ours beyond the common ones; `extra()` adds figures of
    our own at each step. `beside(folder)` puts more into a save; the curves so far are in each, so that a resumed stage does not
    depend on the file that it shows.
    """
    trainer.saved_step, trainer.durations = step, read_durations(save)
    trainer.remove_callback(PrinterCallback)
    stopper = StopInTime(stage.stopping, trainer)
    trainer.add_callback(stopper)
    trainer.add_callback(SumExactly(trainer))
    trainer.may_stop = stopper.on_substep_end
    trainer.hold = lambda model: hold_weights(stage.name, trainer.state.global_step, model, trainer.saved_step)
    if trainer.eval_dataset is not None:
        trainer.add_callback(EvaluateAtQuarters(trainer, save))
    named = stage.execution.get("trackers", []) if ranks.main() else []
    with open_trackers(named, stage, step) as trackers, stage.stopping.shielded():
        if ranks.main():
            curves = stage.state / METRICS
            restore(curves, save)

            def keep(folder: Path) -> None:
                shutil.copy(curves, folder / METRICS)
                beside(folder)

            trainer.beside = keep
            metrics = MetricLog(curves, stage.started, step, trackers)
            names = RENAMED | (names or {})
            trainer.add_callback(Report(stage, metrics, names, extra, lambda: trainer.saved_step))
        try:
            trainer.train(resume_from_checkpoint=str(save) if save else None)
        except Stopped:
            if trainer.resumable_step() > trainer.saved_step:  # nothing has changed since that step's end
                trainer._save_checkpoint(trainer.model, None)
            raise stage.stopping.stopped(_where(stage, trainer)) from None
    distributed.barrier()  # a process that ends before the last save is sealed would take the others with it
    if trainer.state.global_step < trainer.state.max_steps:
        if stage.stopping.asked:
            raise stage.stopping.stopped(_where(stage, trainer))
        raise StageFailure(
            f"{stage.name}: training ended at step {trainer.state.global_step} of {trainer.state.max_steps}, though nobody "
            "asked it to. What was saved is kept; start the stage again to go on."
        )
    stage.stopping.check()


def restore(curves: Path, save: Path | None) -> None:
    """Puts the curves back as a save has them; without a save there are none yet."""
    if save is None:
        curves.unlink(missing_ok=True)
    elif (save / METRICS).is_file():
        with replacing(curves) as path:
            shutil.copy(save / METRICS, path)


def _where(stage: Stage, trainer: Any) -> str:
    return f"{stage.name}: stopped by {stage.stopping.asked} after step {trainer.saved_step} of {trainer.state.max_steps}"


def expected_save_seconds(model: Any) -> float:
    """How long a save may take that nobody has measured: the weights and Adam's two moments of each."""
    return 3 * sum(p.numel() * p.element_size() for p in model.parameters()) / WRITE_RATE


def publish_checkpoint(stage: Stage, trainer: Any, out: Path, add: Callable[[Path], None] = lambda _folder: None) -> None:
    """Publishes `out` with checkpoint/ and metrics.parquet in it; `add(folder)` puts more into it.

    All processes call it, because weights may be spread over them; the main one writes.
    """
    if not ranks.main():
        trainer.save_model(None)
        return
    with stage.publish_folder(out) as folder:
        with removed_if_torn(folder / "checkpoint", "the checkpoint"):
            trainer.save_model(str(folder / "checkpoint"))
        (folder / "checkpoint" / "training_args.bin").unlink(missing_ok=True)  # a pickle; the manifest holds the settings
        shutil.copy(stage.state / METRICS, folder / METRICS)
        add(folder)
