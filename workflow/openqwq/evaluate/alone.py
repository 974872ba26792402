"""Evaluating a model on a preset, without a run: the benchmarks are loaded here, not by curation."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import PROBLEM
from openqwq.config import Execution, explain
from openqwq.config.evaluate import Benchmark, EvaluateConfig, drawable
from openqwq.config.presets import known, preset
from openqwq.errors import UserError
from openqwq.evaluate import run
from openqwq.evaluate.benchmarks import load, pins
from openqwq.evaluate.model_place import ModelPlace
from openqwq.stage import Stage


@dataclass(frozen=True)
class Chosen:
    """What of a preset is evaluated."""

    config: EvaluateConfig
    benchmarks: list[Benchmark]

    def as_json(self, model: ModelPlace) -> dict[str, Any]:
        """All that decides the result beside the content of local files, the model's folder among them."""
        return {
            "evaluate": self.config.model_dump(mode="json"),
            "benchmarks": [benchmark.model_dump(mode="json") for benchmark in self.benchmarks],
            "hub": pins(self.benchmarks),
            "model": model.describe(),
        }


def choose(name: str, only: list[str] | None, limit: int | None) -> Chosen:
    """The preset's settings, of its benchmarks those named, of each `limit` problems. Raises `UserError`."""
    value = preset(name, "--preset")
    if only is not None:
        listed = {item.get("name"): item for item in value["benchmarks"] if isinstance(item, dict)}
        for wanted in only:
            if wanted not in listed:
                raise UserError(
                    f"--benchmarks: the preset {name!r} has no benchmark {wanted!r}. It has {', '.join(map(str, listed))}; for "
                    f"others write a preset of your own beside {', '.join(map(str, known().values()))}."
                )
        value = {**value, "benchmarks": [listed[wanted] for wanted in dict.fromkeys(only)]}
    try:
        config = EvaluateConfig.model_validate(value["evaluate"])
        benchmarks = [Benchmark.model_validate(item) for item in value["benchmarks"]]
    except ValidationError as error:
        raise UserError(explain(error, str(known()[name]))) from error
    try:
        drawable(benchmarks, config.sampling)
    except ValueError as error:
        raise UserError(f"{known()[name]}: {error}") from error
    changed = {"stages": None} | ({} if limit is None else {"limit": limit})  # one model alone is no stage
    benchmarks = [benchmark.model_copy(update=changed) for benchmark in benchmarks]
    return Chosen(config, benchmarks)


def evaluate(stage: Stage, chosen: Chosen, model: ModelPlace, name: str, out: Path, execution: Execution) -> None:
    """Publishes what `run.run` does. Problems that an interrupted attempt has loaded are not loaded again."""
    tables = stage.state / "benchmarks"
    for benchmark in chosen.benchmarks:
        path = tables / f"{benchmark.name}.parquet"
        if not path.is_file():
            stage.progress.say(f"{benchmark.name}: reading its problems")
            write_table(path, load(benchmark), PROBLEM)
    inputs = {"model": model.fetch(), "benchmarks": tables}
    run.run(stage, run.Evaluation(chosen.config, chosen.benchmarks, name, inputs), out, execution)
