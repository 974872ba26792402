"""The stages that load no model: the gate's plan, the scores of all stages side by side, the final model, the report."""

import argparse
from typing import Any

from openqwq import given, stages
from openqwq.errors import UserError
from openqwq.stage import Stage


def gather(options: argparse.Namespace, config: dict[str, Any], parsed: Any) -> None:
    from openqwq.evaluate import summary

    if options.gate is None:
        raise UserError("evaluate: --gather also needs --gate PATH.")
    folders = {folder.name: folder for folder in options.gather}

    def body(stage: Stage) -> None:
        summary.run(stage, parsed, folders, options.out, options.gate)

    stages._execute("evaluate", options, folders, config, body)


def gate_plan(options: argparse.Namespace) -> None:
    """`--config` is {"evaluate": …, "benchmarks": […]}, as for `evaluate`."""
    from openqwq.config.evaluate import Benchmark, EvaluateConfig
    from openqwq.evaluate.gate_plan import run

    config = given.config_of(options)
    parsed = given.parse(EvaluateConfig, config.get("evaluate"), "evaluate")
    benchmarks = [given.parse(Benchmark, item, "benchmarks") for item in config.get("benchmarks", [])]
    inputs = {"benchmarks": options.curated / "benchmarks"} | ({"before": options.before} if options.before else {})

    def body(stage: Stage) -> None:
        run(stage, parsed, benchmarks, inputs["benchmarks"], options.before, options.out)

    stages._execute("gate_plan", options, inputs, config, body)


def final(options: argparse.Namespace) -> None:
    """`--config` is `evaluate.gate`."""
    from openqwq.config.evaluate import Gate
    from openqwq.evaluate.final import run

    config = given.config_of(options)
    parsed = given.parse(Gate, config, "evaluate.gate")

    def body(stage: Stage) -> None:
        run(stage, parsed, options.gate, options.out)

    stages._execute("final", options, {"gate": options.gate}, config, body)


def report(options: argparse.Namespace) -> None:
    """`--config` is the whole configuration. Writes the report, the run's lineage and figures."""
    from openqwq.artifacts.lineage import artifacts_below, lineage_of_run
    from openqwq.report import figures
    from openqwq.report.build import run

    config = given.config_of(options)
    made = {path.resolve() for path in (options.out, options.lineage, options.figures)}
    inputs = {str(p.relative_to(options.run_folder)): p for p in artifacts_below(options.run_folder) if p.resolve() not in made}

    def body(stage: Stage) -> None:
        stage.publish_json(options.lineage, lineage_of_run(options.run_folder))
        figures.run(stage, options.run_folder, options.figures)
        run(stage, options.run_folder, config, options.out)

    stages._execute("report", options, inputs, config, body)
