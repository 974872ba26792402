"""Runs a trainer from the last good save to its last step, with progress and curves."""

import math
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import PrinterCallback, TrainerCallback

from openqwq import ranks
from openqwq.errors import StageFailure
from openqwq.stage import Stage
from openqwq.train import distributed
from openqwq.train.metrics import MetricLog
from openqwq.train.saves import SealSaves, newest_good_save

# What the trainer calls its figures, and what we do.
RENAMED = {"grad_norm": "grad_norm", "loss": "loss", "learning_rate": "learning_rate", "mean_token_accuracy": "token_accuracy"}
SHOWN = ("loss", "reward", "accuracy", "token_accuracy")


class Report(TrainerCallback):
    """Passes the trainer's figures on to the progress line and the metric table."""

    def __init__(self, stage: Stage, metrics: MetricLog, names: dict[str, str], extra: Callable[[], dict[str, float]]) -> None:
        self.stage, self.metrics, self.names, self.extra = stage, metrics, names, extra

    def on_log(self, _args: Any, state: Any, _control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
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
    """Measures the loss on the held-out rows four times, the last at the end."""

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.global_step in {math.ceil(state.max_steps * quarter / 4) for quarter in (1, 2, 3, 4)}:
            control.should_evaluate = True


class SaveAndStop(TrainerCallback):
    """On SIGTERM or SIGUSR1: save at the end of the step and stop. Schedulers send one of them before they kill."""

    def __init__(self) -> None:
        self.asked = False

    def __enter__(self) -> "SaveAndStop":
        self.before = {number: signal.signal(number, self._ask) for number in (signal.SIGTERM, signal.SIGUSR1)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        self.asked = True

    def on_step_end(self, _args: Any, _state: Any, control: Any, **_: Any) -> None:
        if distributed.any_of(self.asked):  # a signal reaches the processes in different steps
            self.asked = True
            control.should_save = control.should_training_stop = True


def find_save(stage: Stage) -> tuple[Path | None, int]:
    """The save to resume from and its step; says so."""
    save, step = distributed.from_main(lambda: newest_good_save(stage.state / "saves", stage.progress))
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
) -> None:
    """Trains to the last step. Raises `StageFailure` when the trainer stops earlier.

    `names` maps the trainer's figures to ours beyond the common ones; `extra()` adds figures of our own at each step.
    """
    trainer.remove_callback(PrinterCallback)
    if ranks.main():
        metrics = MetricLog(stage.state / "metrics.parquet", stage.started, step)
        trainer.add_callback(Report(stage, metrics, RENAMED | (names or {}), extra))
    trainer.add_callback(SealSaves())
    if trainer.eval_dataset is not None:
        trainer.add_callback(EvaluateAtQuarters())
    with SaveAndStop() as stopper:
        trainer.add_callback(stopper)
        trainer.train(resume_from_checkpoint=str(save) if save else None)
    distributed.barrier()  # a process that ends before the last save is sealed would take the others with it
    if trainer.state.global_step < trainer.state.max_steps:
        raise StageFailure(
            f"{stage.name}: training ended at step {trainer.state.global_step} of {trainer.state.max_steps}"
            f"{', asked to by a signal' if stopper.asked else ''}. What was saved is kept; start the stage again to go on."
        )


def publish_checkpoint(stage: Stage, trainer: Any, out: Path, add: Callable[[Path], None] = lambda _folder: None) -> None:
    """Publishes `out` with checkpoint/ and metrics.parquet in it; `add(folder)` puts more into it.

    All processes call it, because weights may be spread over them; the main one writes.
    """
    if not ranks.main():
        trainer.save_model(None)
        return
    with stage.publish_folder(out) as folder:
        trainer.save_model(str(folder / "checkpoint"))
        (folder / "checkpoint" / "training_args.bin").unlink(missing_ok=True)  # a pickle; the manifest holds the settings
        shutil.copy(stage.state / "metrics.parquet", folder / "metrics.parquet")
        add(folder)
