"""The curves of a stage in trackio, TensorBoard or Weights & Biases as well (`execution.trackers`).

`metrics.parquet` remains the record; a tracker is a window on it. None of their packages is required. They are told what is
written there, step by step, under the run's and the stage's name, and keep it below `<run>/trackers/`, which outlives the
stage's state. A resumed stage goes on in the same curve, and no step appears twice in it:

- TensorBoard is told the step that the stage resumed from, and forgets what it has from later ones (`purge_step`).
- trackio and Weights & Biases cannot forget: a step that was sent before is not sent again. The step is noted before it is
  sent, so a kill in between leaves a gap of one step, never a second point.
"""

import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Protocol

from openqwq.artifacts.files import write_json
from openqwq.errors import UserError
from openqwq.stage import Stage

PROJECT = "open-qwq"


class Tracker(Protocol):
    """What a curve goes to."""

    def log(self, step: int, values: dict[str, float]) -> None:
        """Takes the values of a step."""

    def close(self) -> None:
        """Writes what is left."""


class TensorBoard:
    """Event files, in a folder that `tensorboard --logdir` reads."""

    def __init__(self, folder: Path, name: str, resumed: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(folder / name), purge_step=resumed + 1)

    def log(self, step: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)
        self.writer.flush()  # a killed stage has shown all its steps

    def close(self) -> None:
        self.writer.close()


class Once:
    """Passes each step on once, over all attempts of a stage."""

    def __init__(self, mark: Path, send: Callable[[int, dict[str, float]], Any], finish: Callable[[], Any]) -> None:
        self.mark, self.send, self.close = mark, send, finish
        self.sent = self._read()

    def _read(self) -> int:
        try:
            return int(json.loads(self.mark.read_text(encoding="utf-8"))["step"])
        except FileNotFoundError:
            return 0
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{self.mark}: damaged, so it is not known which steps the tracker has. Delete it and start again: the tracker "
                "is then told the steps from the last save on, and may show some twice."
            ) from error

    def log(self, step: int, values: dict[str, float]) -> None:
        if step > self.sent:
            write_json(self.mark, {"step": step})
            self.send(step, values)


def _tensorboard(folder: Path, _run: str, name: str, resumed: int) -> Tracker:
    return TensorBoard(folder, name, resumed)


def _trackio(folder: Path, run: str, name: str, _resumed: int) -> Tracker:
    os.environ.setdefault("TRACKIO_DIR", str(folder / "data"))
    import trackio

    one = trackio.init(project=PROJECT, name=f"{run}-{name}", group=run, resume="allow", embed=False)
    return Once(folder / f"{name}.json", lambda step, values: one.log(values, step=step), one.finish)


def _wandb(folder: Path, run: str, name: str, _resumed: int) -> Tracker:
    import wandb

    one = wandb.init(project=PROJECT, name=f"{run}-{name}", id=f"{run}-{name}", group=run, resume="allow", dir=folder)
    return Once(folder / f"{name}.json", lambda step, values: one.log(values, step=step), one.finish)


TRACKERS: dict[str, Callable[[Path, str, str, int], Tracker]] = {
    "tensorboard": _tensorboard,
    "trackio": _trackio,
    "wandb": _wandb,
}


def require_packages(names: Sequence[str]) -> None:
    """Raises `UserError` for a tracker whose package is not installed."""
    for name in names:
        if importlib.util.find_spec(name) is None:
            raise UserError(
                f"execution.trackers: the package {name} is not installed. Install it beside open-qwq (`pip install {name}`), "
                f"or take {name} out of the list; metrics.parquet holds every figure anyway."
            )


@contextmanager
def open_trackers(names: Sequence[str], stage: Stage, resumed: int) -> Iterator[list[Tracker]]:
    """The trackers of a stage that resumed from step `resumed` (0: from nothing), closed at the end of the block."""
    run = stage.state.parent.resolve().parent
    with ExitStack() as stack:
        opened = []
        for name in names:
            folder = run / "trackers" / name
            folder.mkdir(parents=True, exist_ok=True)
            opened.append(TRACKERS[name](folder, run.name, stage.state.name, resumed))
            stack.callback(opened[-1].close)
        yield opened
