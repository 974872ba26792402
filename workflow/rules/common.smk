# Inputs:  the configuration
# Outputs: RUN (the validated configuration), HERE (the run's folder), *part() (a stage's share of it, for params)

import json
import os
import shlex
import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))

from openqwq.artifacts.files import replacing
from openqwq.config import load
from openqwq.config.files import model_files, source_files
from openqwq.errors import UserError
from openqwq.plan import run_plan, table
from openqwq.stage import forget_published

try:
    PARSED = load(
        config, ", ".join(map(str, workflow.configfiles)) or "config/demo.yaml"
    )
    MODEL_FILES = [str(path) for path in model_files(PARSED.base_model)]
    SOURCE_FILES = [
        str(path) for path in source_files(PARSED.curate.sources, PARSED.benchmarks)
    ]
    for benchmark in PARSED.benchmarks:
        if benchmark.path and not Path(benchmark.path).is_file():
            print(
                f"openqwq: benchmark {benchmark.name}: {benchmark.path} is not there yet; curate needs it",
                file=sys.stderr,
            )
    # What cannot fit is said before a job is queued. Jobs parse this file again, and need not hear it.
    if workflow.is_main_process:
        PLAN = run_plan.plan(PARSED)
        run_plan.require_fitting(PLAN)
        if workflow.output_settings.dryrun and not workflow.output_settings.quiet:
            print(table.text(PLAN), end="\n\n", file=sys.stderr)
except UserError as error:
    print(f"openqwq: {error}", file=sys.stderr)
    sys.exit(2)

RUN = PARSED.model_dump(mode="json")
HERE = f"{RUN['results']}/{RUN['run']}"
SEED = RUN["seed"]
CORES = (
    workflow.cores or 1
)  # a stage takes them all: two at once would fight for memory

# The environment's programs are found on every node, activated or not. What does not decide a result travels in the
# environment, so that tuning it reruns nothing.
ENVIRONMENT = {
    "OPENQWQ_STATE": f"{HERE}/.state",
    "OPENQWQ_ATTEMPTS": f"{HERE}/logs/attempts",
    "OPENQWQ_EXECUTION": json.dumps(RUN["execution"]),
    # Freed memory is kept for the next tensor: handing it back and forth costs a fifth of the time on CPU.
    "MALLOC_TRIM_THRESHOLD_": "-1",
    "MALLOC_MMAP_THRESHOLD_": str(2**32),
    "MALLOC_TOP_PAD_": str(2**28),
}
EXPORTS = " ".join(f"{key}={shlex.quote(value)}" for key, value in ENVIRONMENT.items())
BIN = shlex.quote(str(Path(sys.executable).parent))
# A prefix replaces Snakemake's own, the strict mode; without it `openqwq … | tee` would succeed whenever `tee` does.
ATTEMPT = shlex.quote(str(Path(workflow.current_basedir) / "attempt.sh"))
PREFIX = f"set -euo pipefail; export PATH={BIN}:$PATH {EXPORTS}; source {ATTEMPT}; "
shell.prefix(PREFIX.replace("{", "{{").replace("}", "}}"))


def start(wildcards, resources, threads):
    """What stands before a stage's command: its deadline where the job has one, and `srun` where it has several nodes.

    Nothing on one machine. Because it takes `resources`, Snakemake reruns nothing when its value changes.
    """
    words = []
    if "runtime" in resources.keys():
        seconds = 60 * resources.runtime
        # Snakemake takes some of the job's time to start, and some to end.
        words.append(
            f"env OPENQWQ_DEADLINE=$(($(date +%s) + {int(seconds - min(60, 0.1 * seconds))}))"
        )
    if "mpi" in resources.keys():
        words += [resources.mpi, f"--nodes={resources.nodes}", "--ntasks-per-node=1"]
        words += [f"--ntasks={resources.nodes}", f"--cpus-per-task={threads}"]
        words += [f"--gres={resources.gres}"] if "gres" in resources.keys() else []
        words += ["--kill-on-bad-exit=1", "--mpi=none"]
    return " ".join(words)


def as_json(value):
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def without(mapping, *keys):
    return {key: value for key, value in mapping.items() if key not in keys}


def part(key):
    """A stage's share of the configuration, as JSON."""
    return as_json(RUN[key])


OWN_SAMPLING = ("temperature", "top_p", "top_k")  # of a benchmark


def curate_part():
    """How a benchmark is sampled does not change what is curated."""
    benchmarks = [
        without(benchmark, "samples", "max_tokens", "stages", *OWN_SAMPLING)
        for benchmark in RUN["benchmarks"]
    ]
    return as_json({"curate": RUN["curate"], "benchmarks": benchmarks})


def evaluate_part(wildcards):
    """What evaluating a checkpoint depends on: neither the gate nor what holds for other stages alone."""
    evaluate = without(RUN["evaluate"], "gate", "stages") | most(wildcards.checkpoint)
    benchmarks = benchmarks_of(wildcards.checkpoint)
    return as_json({"evaluate": evaluate, "benchmarks": benchmarks})


def most(checkpoint):
    """The caps of one checkpoint alone, where there are any."""
    return {
        key: {k: v for k, v in RUN["evaluate"][key].items() if k == checkpoint}
        for key in ("most_samples", "most_problems")
    }


def benchmarks_of(checkpoint):
    """The benchmarks: those that a checkpoint is evaluated on whole, of the others why it is not."""
    return [
        (
            without(
                benchmark, "stages", *(k for k in OWN_SAMPLING if benchmark[k] is None)
            )
            if checkpoint in (benchmark["stages"] or [checkpoint])
            else {key: benchmark[key] for key in ("name", "stages")}
        )
        for benchmark in RUN["benchmarks"]
    ]


def gate_part():
    """What is compared, without what is done about it: another `on_fail` compares nothing again."""
    evaluate = RUN["evaluate"] | {"gate": without(RUN["evaluate"]["gate"], "on_fail")}
    evaluate |= most("general")
    return as_json({"evaluate": evaluate, "benchmarks": benchmarks_of("general")})


def checkpoint_folder(wildcards):
    """The stage folder whose checkpoint is evaluated."""
    return (
        f"{HERE}/base_model"
        if wildcards.checkpoint == "base"
        else f"{HERE}/{wildcards.checkpoint}"
    )


def record_configuration():
    """The resolved configuration beside the results. A record: no rule reads it."""
    with replacing(Path(HERE) / "config.yaml") as path:
        path.write_text(
            yaml.safe_dump(RUN, sort_keys=False, allow_unicode=True), encoding="utf-8"
        )


wildcard_constraints:
    checkpoint="base|coldstart|reason|general",
