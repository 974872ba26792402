"""Evaluations without a run: `openqwq evaluate --preset`, `openqwq rewardbench`. Their state stands beside the output."""

import argparse
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from openqwq import given, stages
from openqwq.errors import UserError
from openqwq.stage import Stage, forget_published


def evaluate(options: argparse.Namespace) -> None:
    """With `--preset` a model without a run; else the stage, which needs what the rules give it."""
    if options.preset is not None:
        _evaluate_alone(options)
        return
    for name in ("benchmarks", "limit", "engine"):
        if getattr(options, name) is not None:
            raise UserError(f"evaluate: --{name} goes with --preset; a stage takes it from --config and --execution.")
    for name in ("config", "state"):
        if getattr(options, name) is None:
            raise UserError(f"evaluate: give --{name} (the rules do), or --preset to evaluate a model without a run.")
    stages.evaluate(options)


def _evaluate_alone(options: argparse.Namespace) -> None:
    from openqwq.config.files import source_files
    from openqwq.evaluate import alone, beside, model_place
    from openqwq.evaluate.published import published

    for name in ("config", "curated", "gather", "shard", "shards", "gate", "reward_model"):
        if getattr(options, name) is not None:
            raise UserError(f"evaluate: --{name.replace('_', '-')} does not go with --preset, which evaluates without a run.")
    if options.model is None:
        raise UserError("evaluate: give --model, a folder or an id of the hub.")
    if options.limit is not None and options.limit < 1:
        raise UserError("--limit: give a number of problems, at least 1.")
    only = None if options.benchmarks is None else options.benchmarks.split(",")
    chosen, model = alone.choose(options.preset, only, options.limit), model_place.find(str(options.model))
    execution = _with_engine(options)
    inputs = {str(path): path for path in source_files([], chosen.benchmarks)}
    if model.folder is not None:
        inputs["model"] = model.folder

    def body(stage: Stage) -> None:
        alone.evaluate(stage, chosen, model, options.name or model.name, options.out, execution)

    _beside(f"evaluate-{options.preset}", options, inputs, chosen.as_json(model) | {"name": options.name or model.name}, body)
    scores = json.loads((options.out / "scores.json").read_text(encoding="utf-8"))
    print(beside.table(scores, published()))


def rewardbench(options: argparse.Namespace) -> None:
    """A reward model on RewardBench."""
    from openqwq.config.evaluate import Benchmark
    from openqwq.evaluate import reward_accuracy
    from openqwq.evaluate.benchmarks.rewardbench import HUB
    from openqwq.evaluate.benchmarks.source import pin_json

    benchmark = given.parse(Benchmark, {"name": "rewardbench", "limit": options.limit, "path": options.path}, "rewardbench")
    model = given.checkpoint_of(options.model)
    inputs = {"model": model} | ({options.path: Path(options.path)} if options.path else {})
    config = {"benchmark": benchmark.model_dump(mode="json"), "hub": pin_json(benchmark, HUB)}
    execution = given.computing(options)

    def body(stage: Stage) -> None:
        reward_accuracy.run(stage, benchmark, model, options.out, execution)

    _beside("rewardbench", options, inputs, config, body)
    print(reward_accuracy.table(json.loads((options.out / "accuracy.json").read_text(encoding="utf-8"))))


def _with_engine(options: argparse.Namespace) -> Any:
    """The execution, with the engine that was named by itself; recorded so."""
    if options.engine is not None:
        options.execution = json.dumps(given.json_option(options.execution, "--execution") | {"engine": options.engine})
    return given.computing(options)


def _beside(name: str, options: argparse.Namespace, inputs: dict[str, Path], config: dict[str, Any], body: Any) -> None:
    """Carries a stage out. Its state is a hidden folder beside the output that goes at the end, unless a place is named."""
    own = options.state is None
    if own:
        options.state = options.out.absolute().with_name(f".{options.out.name}.state")
    stages._with_model(name, options, inputs, config, body)
    if own:
        forget_published(options.state)
        with suppress(OSError):  # the state of another evaluation into the same folder, with other settings
            options.state.rmdir()
