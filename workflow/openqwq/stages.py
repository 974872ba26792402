"""From command-line options to a stage: parse its part of the configuration, run it under its state, retire the state."""

import argparse
import errno
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from openqwq import given, versions
from openqwq.errors import StageFailure, UserError
from openqwq.stage import Stage

Model = TypeVar("Model", bound=BaseModel)


def _execute(
    name: str, options: argparse.Namespace, inputs: dict[str, Path], config: dict[str, Any], body: Callable[[Stage], None]
) -> None:
    """Runs `body` on the stage's state, which it holds alone, and retires the state once everything is published."""
    stage = Stage(
        name,
        config=config,
        inputs=inputs,
        state_root=Path(options.state),
        seed=options.seed,
        recipe_version=options.recipe_version,
        execution=given.json_option(options.execution, "--execution"),
        stopping=options.stopping,
    )
    try:
        with stage.running():
            if not stage.published_before(options.out):
                body(stage)
            stage.retire(options.out)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StageFailure(
            f"{name}: no space is left where {stage.state} or {options.out} stands ({error}). What was finished is kept. "
            "Make room (`openqwq clean` removes state that is no longer needed), then start again: it resumes."
        ) from error


def _with_model(
    name: str, options: argparse.Namespace, inputs: dict[str, Path], config: dict[str, Any], body: Callable[[Stage], None]
) -> None:
    """As `_execute`, of a stage that loads torch and what goes with it: only in versions that go together."""
    versions.check()
    given.computing(options)
    _execute(name, options, inputs, config, body)


def _train(
    name: str, options: argparse.Namespace, inputs: dict[str, Path], config: dict[str, Any], body: Callable[[Stage], None]
) -> None:
    """As `_with_model`, in as many processes as `execution.processes` says."""
    versions.check()
    from openqwq.train import launch

    execution = given.computing(options)
    if launch.wanted(execution):
        launch.launch(options.arguments, execution, options.stopping)
    else:
        _execute(name, options, inputs, config, body)
        from openqwq.train import distributed

        with options.stopping.shielded():  # nothing is left that could be saved
            distributed.leave()


def import_model(options: argparse.Namespace) -> None:
    from openqwq.config.files import model_files
    from openqwq.config.model import BaseModelSource
    from openqwq.model.import_model import run

    config = given.config_of(options)
    source = given.parse(BaseModelSource, config, "base_model")

    def body(stage: Stage) -> None:
        run(stage, source, options.out)

    _with_model("import_model", options, {str(path): path for path in model_files(source)}, config, body)


def curate(options: argparse.Namespace) -> None:
    """`--config` is {"curate": …, "benchmarks": […]}: benchmarks decide what is decontaminated."""
    from openqwq.artifacts.shards import Shard
    from openqwq.config.curate import CurateConfig
    from openqwq.config.evaluate import Benchmark
    from openqwq.config.files import source_files
    from openqwq.data import curate
    from openqwq.evaluate.benchmarks import pins

    config = given.config_of(options)
    parsed = given.parse(CurateConfig, config.get("curate"), "curate")
    benchmarks = [given.parse(Benchmark, item, "benchmarks") for item in config.get("benchmarks", [])]
    if hub := pins(benchmarks):
        config = config | {"hub": hub}
    execution = given.execution_of(options)
    files = {str(path): path for path in source_files(parsed.sources, benchmarks)}
    if options.shard:
        which = Shard.parse(options.shard)

        def part(stage: Stage) -> None:
            curate.shard(stage, parsed, benchmarks, which, options.out, execution.verifier_workers)

        _execute(f"curate-{which.name}", options, files, which.record(config), part)
        return

    def body(stage: Stage) -> None:
        if options.gather:
            curate.gather(stage, parsed, benchmarks, options.gather, options.out)
        else:
            curate.run(stage, parsed, benchmarks, options.out, execution.verifier_workers, execution.shards)

    _execute("curate", options, files, config, body)


def sft(options: argparse.Namespace) -> None:
    from openqwq.config.train import SftConfig
    from openqwq.train.sft import run

    config = given.training_config_of(options)
    parsed = given.parse(SftConfig, config, "coldstart")
    inputs = {"model": given.checkpoint_of(options.model), "traces": options.curated / "traces"}

    def body(stage: Stage) -> None:
        run(stage, parsed, inputs["model"], inputs["traces"], options.out, given.execution_of(options))

    _train("coldstart", options, inputs, config, body)


def profile(options: argparse.Namespace) -> None:
    from openqwq.artifacts.shards import Shard
    from openqwq.config.train import ProfileConfig
    from openqwq.train import profile as stages

    config = given.config_of(options)
    parsed = given.parse(ProfileConfig, config, "profile")
    inputs = {"model": given.checkpoint_of(options.model), "problems": options.curated / "problems" / "train.parquet"}
    made_of, execution = (inputs["model"], inputs["problems"]), given.computing(options)
    if options.shard:
        which = Shard.parse(options.shard)

        def part(stage: Stage) -> None:
            stages.shard(stage, parsed, *made_of, which, options.out, execution)

        _with_model(f"profile-{which.name}", options, inputs, which.record(config), part)
        return

    def body(stage: Stage) -> None:
        if options.shards:
            stages.gather(stage, parsed, options.shards, options.out, execution)
        else:
            stages.run(stage, parsed, *made_of, options.out, execution)

    _with_model("profile", options, inputs, config, body)


def sample_traces(options: argparse.Namespace) -> None:
    from openqwq.config.traces import SampleTracesConfig
    from openqwq.data.rejection import run

    config = given.config_of(options)
    parsed = given.parse(SampleTracesConfig, config, "sample_traces")
    inputs = {"model": given.checkpoint_of(options.model), "problems": options.curated / "problems" / "train.parquet"}

    def body(stage: Stage) -> None:
        run(stage, parsed, inputs["model"], inputs["problems"], options.out, given.execution_of(options))

    _with_model("sample_traces", options, inputs, config, body)


def grpo(options: argparse.Namespace) -> None:
    from openqwq.config.train import GrpoConfig
    from openqwq.train.grpo import run

    config = given.training_config_of(options)
    parsed = given.parse(GrpoConfig, config, options.stage)
    wants = any("reward_model" in mix.rewards for mix in parsed.domains.values())
    if wants and options.reward_model is None:
        raise UserError(f"{options.stage}: a domain's rewards name the reward model; give --reward-model.")
    inputs = {
        "model": given.checkpoint_of(options.model),
        "problems": options.curated / "problems" / "train.parquet",
        "profile": options.profile / "profile.parquet",
    }
    if wants:
        inputs["reward_model"] = given.checkpoint_of(options.reward_model)

    def body(stage: Stage) -> None:
        run(
            stage,
            parsed,
            inputs["model"],
            inputs["problems"],
            inputs["profile"],
            inputs.get("reward_model"),
            options.out,
            given.execution_of(options),
        )

    _train(options.stage, options, inputs, config, body)


def reward_model(options: argparse.Namespace) -> None:
    from openqwq.config.train import RewardModelConfig
    from openqwq.train.reward_model import run

    config = given.training_config_of(options)
    parsed = given.parse(RewardModelConfig, config, "reward_model")
    inputs = {"model": given.checkpoint_of(options.model), "preferences": options.curated / "preferences"}
    if parsed.verdict_pairs is not None:
        if options.profile is None:
            raise UserError("reward_model.verdict_pairs: pairs from verdicts need the profile's completions; give --profile.")
        inputs["completions"] = options.profile / "completions.parquet"

    def body(stage: Stage) -> None:
        run(
            stage,
            parsed,
            inputs["model"],
            inputs["preferences"],
            inputs.get("completions"),
            options.out,
            given.execution_of(options),
        )

    _train("reward_model", options, inputs, config, body)


def evaluate(options: argparse.Namespace) -> None:
    """`--config` is {"evaluate": …, "benchmarks": […]}."""
    from openqwq.artifacts.shards import Shard
    from openqwq.config.evaluate import Benchmark, EvaluateConfig
    from openqwq.evaluate import run

    config = given.config_of(options)
    parsed = given.parse(EvaluateConfig, config.get("evaluate"), "evaluate")
    if options.gather:
        from openqwq.comparing import gather

        gather(options, config, parsed)
        return
    missing = [name for name in ("name", "model", "curated") if getattr(options, name) is None]
    if missing:
        raise UserError(f"evaluate: give --{missing[0]} (or --gather with folders that were evaluated before).")
    if parsed.reward_model and options.reward_model is None:
        raise UserError("evaluate.reward_model: give --reward-model, the folder of the stage reward_model.")
    benchmarks = [given.parse(Benchmark, item, "benchmarks") for item in config.get("benchmarks", [])]
    inputs = {"model": given.checkpoint_of(options.model), "benchmarks": options.curated / "benchmarks"}
    if (options.curated / "contamination.parquet").is_file():
        inputs["contamination"] = options.curated / "contamination.parquet"
    if parsed.reward_model:
        inputs["reward_model"] = given.checkpoint_of(options.reward_model)
    what = run.Evaluation(parsed, benchmarks, options.name, inputs)
    execution = given.computing(options)
    if options.shard:
        which = Shard.parse(options.shard)

        def part(stage: Stage) -> None:
            run.shard(stage, what, which, options.out, execution)

        _with_model(f"evaluate-{options.name}-{which.name}", options, inputs, which.record(config), part)
        return

    def body(stage: Stage) -> None:
        if options.shards:
            run.gather(stage, what, options.shards, options.out, execution)
        else:
            run.run(stage, what, options.out, execution)

    _with_model(f"evaluate-{options.name}", options, inputs, config, body)
