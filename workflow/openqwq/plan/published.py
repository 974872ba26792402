"""Published runs beside what the plan says of them: the same arithmetic, the same constants."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from openqwq.errors import UserError
from openqwq.plan import efficiency, models
from openqwq.plan.architecture import Architecture
from openqwq.plan.machine import GPUS, Gpu
from openqwq.plan.rl_time import Engine, Rollouts, batch
from openqwq.plan.training_time import training

CACHE_SHARE = 0.6  # of a GPU's memory for weights and cache while sampling
MICRO_TOKENS = 16384


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published figure and the plan's for the same run."""

    name: str
    kind: str
    published: float | None  # None: its authors have not said
    predicted: float
    unit: str
    assumed: str
    source: str
    outside: str  # why it is not within a factor of two, if it is not

    @property
    def ratio(self) -> float | None:
        """Predicted over published, of time: a throughput turned round."""
        if self.published is None:
            return None
        over = self.predicted / self.published
        return 1 / over if self.kind == "throughput" else over


@functools.cache
def comparisons() -> tuple[Comparison, ...]:
    """All of `published.yaml`, in its order."""
    rows = yaml.safe_load(Path(__file__).with_name("published.yaml").read_text(encoding="utf-8"))
    return tuple(_compare(row) for row in rows)


def _compare(row: dict[str, Any]) -> Comparison:
    model, gpu = models.by_id(row["model"]), GPUS[row["gpu"]]
    if model is None:
        raise UserError(f"published.yaml: {row['name']}: the model {row['model']} is not in known_models.yaml. Add it there.")
    predicted = {"rl": _rl, "supervised": _supervised, "throughput": _throughput}[row["kind"]](row, model, gpu)
    figure = row["published"]
    source = " ".join(row["source"].split())
    assumed, outside = row.get("assumed", ""), row.get("outside", "")
    return Comparison(row["name"], row["kind"], figure["value"], predicted, figure["unit"], assumed, source, outside)


def _rl(row: dict[str, Any], model: Architecture, gpu: Gpu) -> float:
    """Seconds of a batch, or GPU-hours of all phases."""
    total = 0.0
    for phase in row["phases"]:
        gpus, per_node = phase["gpus"], min(8, phase["gpus"])
        cache = gpu.memory * CACHE_SHARE - 2 * model.parameters / phase["size"]
        rollouts = Rollouts(
            generated=phase["completions"] * phase.get("generated", 1.0),
            trained=phase["completions"],
            prompt=phase.get("prompt", 0),
            mean=phase["mean"],
            longest=phase["longest"],
            rounds=phase.get("rounds", 1.0),
            updates=phase.get("updates", 1),
            scored=phase.get("scored", 1),
        )
        one = batch(
            model,
            gpu,
            rollouts,
            Engine(size=phase["size"], cache=max(cache, 0.1 * gpu.memory)),
            gpus=gpus,
            per_node=per_node,
            micro_tokens=max(MICRO_TOKENS, phase["longest"]),
            checkpointing=True,
        )
        hours = gpus / 3600 * efficiency.IDLE if row["published"]["unit"] == "GPU-hours" else 1.0
        total += phase["batches"] * one.seconds * hours
    return total


def _supervised(row: dict[str, Any], model: Architecture, gpu: Gpu) -> float:
    """Hours of training on so many tokens."""
    run = row["run"]
    tokens = run["rows"] * run["mean"] * run["epochs"]
    whole = training(
        model,
        gpu,
        gpus=run["gpus"],
        per_node=8,
        tokens=tokens,
        length=run["mean"],
        micro_tokens=run["micro_tokens"],
        checkpointing=True,
        updates=run["rows"] * run["epochs"] / run["batch"],
    )
    return whole.seconds * efficiency.IDLE / 3600


def _throughput(row: dict[str, Any], model: Architecture, gpu: Gpu) -> float:
    """Tokens a second over all GPUs, of an optimizer step of `micro_batches` sequences a GPU."""
    run = row["run"]
    tokens = run["gpus"] * run["micro_batches"] * run["length"]
    whole = training(
        model,
        gpu,
        gpus=run["gpus"],
        per_node=8,
        tokens=tokens,
        length=run["length"],
        micro_tokens=run["length"],
        checkpointing=True,
    )
    writing = 2 * model.parameters / efficiency.FILES if run.get("writes_weights") else 0.0
    return float(tokens / (whole.seconds + writing))
