"""`openqwq <command>`: the stages that the rules call, and the commands for people. Thin; heavy imports come late."""

import argparse
import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openqwq import ranks, showing
from openqwq.errors import StageFailure, UserError, scrub
from openqwq.progress import tell
from openqwq.stopping import STOPPED, Stopped, Stopping, parse_deadline

# What the operating system says of a disk that is full or a folder that may not be written to.
UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EEXIST}
COMPARE = "report-compare"  # is also called `report compare`
RECIPE_VERSION = 1  # of a stage called by hand; the rules give their own


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns its exit code.

    0: done. 1: the stage failed. 2: the user's mistake. 75: the stage was asked to stop and saved; start it again.
    """
    # Telemetry and progress bars of the libraries below have no place in a stage's log.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # its retries quote whole addresses
    os.environ.setdefault("TRL_EXPERIMENTAL_SILENCE", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    os.environ.setdefault("OMP_NUM_THREADS", str(len(os.sched_getaffinity(0))))
    if ranks.launched():
        ranks.die_with_parent(os.getppid())
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser().parse_args(arguments)
    options.arguments = arguments
    is_stage = hasattr(options, "deadline")
    try:
        if is_stage:
            _run_stage(options)
        else:
            options.command(options)
    except UserError as error:
        _end(_line(error))
        return 2
    except StageFailure as error:
        _end(_line(error))
        return 1
    except Stopped as error:
        _end(_line(error, "What was saved is kept; the same command goes on from there."), patience=60)
        return STOPPED
    except BrokenPipeError:  # `openqwq … | head`
        if is_stage:  # a worker's pipe: nothing was published, and nobody may think so
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        tell(_line(error, "Make room on that disk, or correct the path or its permissions, and start again."))
        return 2
    except KeyboardInterrupt as error:  # what can leave something elsewhere says what
        tell(_line(error) if error.args else "openqwq: interrupted. What was saved is kept; the same command goes on from there.")
        return 130
    return 0


def _end(text: str, patience: float = 5) -> None:
    """Says why the command ends. Mostly all processes of a stage have one reason: the main one tells it, and its end ends all.

    The others wait `patience` seconds for that, and then speak for themselves. A request to stop reaches all of them, and the
    main one may have engines and workers to put away first.
    """
    if not ranks.main():
        time.sleep(patience)
    tell(text)


def _line(error: BaseException, remedy: str = "") -> str:
    """What a person reads. Names of columns and values of others' files stand in messages: a terminal must not obey them."""
    from openqwq.show.visible import visible

    return visible(f"openqwq: {scrub(str(error)).rstrip('.')}. {remedy}".rstrip())


def _run_stage(options: argparse.Namespace) -> None:
    """Runs a stage that can be asked to stop."""
    options.stopping = Stopping(parse_deadline(options.deadline))
    with options.stopping.listening():
        options.command(options)


class _Parser(argparse.ArgumentParser):
    """Reads `report compare`: a command for people that begins with the name of a stage, none of whose options it shares."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args([COMPARE, *words[2:]] if words[:2] == ["report", "compare"] else words, namespace)


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = _Parser(prog="openqwq", description="Turns a pretrained language model into a reasoning model.")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def stage(name: str, help_: str, run: Callable[..., None], *inputs: str, alone: bool = False) -> argparse.ArgumentParser:
        """`alone`: it can do without a run, and so without a configuration and a place for its state."""
        sub = commands.add_parser(name, help=help_, description=help_)
        sub.add_argument("--config", required=not alone, metavar="JSON", help="the stage's part of the configuration")
        sub.add_argument("--seed", type=int, default=1)
        sub.add_argument("--recipe-version", type=int, default=RECIPE_VERSION)
        state, execution = os.environ.get("OPENQWQ_STATE"), os.environ.get("OPENQWQ_EXECUTION", "{}")
        help_ = "where interrupted work is kept (default: $OPENQWQ_STATE)"
        sub.add_argument("--state", type=Path, required=state is None and not alone, default=state, metavar="DIR", help=help_)
        help_ = "batch sizes, workers, engine (default: $OPENQWQ_EXECUTION)"
        sub.add_argument("--execution", default=execution, metavar="JSON", help=help_)
        help_ = "when to have saved and stopped: +SECONDS, seconds since 1970, or ISO (default: $OPENQWQ_DEADLINE)"
        sub.add_argument("--deadline", default=os.environ.get("OPENQWQ_DEADLINE"), metavar="WHEN", help=help_)
        sub.add_argument("--out", type=Path, required=True, metavar="PATH")
        for one in inputs:
            sub.add_argument(f"--{one}", type=Path, required=True, metavar="PATH")
        sub.set_defaults(command=run)
        return sub

    from openqwq import comparing, evaluations, releasing, serving, stages, starting, talking

    stage("import-model", "Bring the base model into Hugging Face format.", stages.import_model)
    curate = stage("curate", "Make the problem, trace, preference and benchmark tables.", stages.curate)
    phase = curate.add_mutually_exclusive_group()
    phase.add_argument("--shard", metavar="i/N", help="the first phase alone, for one part of every source, from 0")
    phase.add_argument("--gather", nargs="+", type=Path, metavar="DIR", help="the second phase alone, over all shards")
    stage("sft", "Cold start: supervised training on traces.", stages.sft, "model", "curated")
    profile = stage("profile", "Measure pass rates of the training problems.", stages.profile, "model", "curated")
    phase = profile.add_mutually_exclusive_group()
    phase.add_argument("--shard", metavar="i/N", help="draw and judge one part of the problems alone, from 0")
    phase.add_argument("--shards", nargs="+", type=Path, metavar="DIR", help="put all parts together")
    stage("sample-traces", "Keep a model's correct completions as traces.", stages.sample_traces, "model", "curated")
    grpo = stage("grpo", "Reinforcement learning on verified rollouts.", stages.grpo, "model", "curated", "profile")
    grpo.add_argument("--stage", choices=["reason", "general"], required=True)
    grpo.add_argument("--reward-model", type=Path, metavar="PATH")
    reward = stage("reward-model", "Train the reward model on preference pairs.", stages.reward_model, "model", "curated")
    reward.add_argument("--profile", type=Path, metavar="PATH", help="whose completions give pairs, for verdict_pairs")
    evaluate = stage("evaluate", "Evaluate a checkpoint, or gather scores with --gather.", evaluations.evaluate, alone=True)
    evaluate.add_argument("--name", help="the checkpoint's stage: base, coldstart, reason, general")
    evaluate.add_argument("--model", type=Path, metavar="PATH", help="with --preset also an id of the hub, ID or ID@COMMIT")
    evaluate.add_argument("--curated", type=Path, metavar="PATH")
    evaluate.add_argument("--reward-model", type=Path, metavar="PATH", help="scores the samples, for best@k")
    phase = evaluate.add_mutually_exclusive_group()
    phase.add_argument("--shard", metavar="i/N", help="draw and judge one part of the problems alone, from 0")
    phase.add_argument("--shards", nargs="+", type=Path, metavar="DIR", help="put all parts of a checkpoint together")
    phase.add_argument("--gather", nargs="+", type=Path, metavar="DIR", help="evaluated folders to compare")
    evaluate.add_argument("--gate", type=Path, metavar="PATH", help="where gate.json goes, with --gather")
    evaluate.add_argument("--preset", metavar="NAME", help="evaluate any model without a run, on config/presets/NAME.yaml")
    evaluate.add_argument("--benchmarks", metavar="A,B", help="with --preset: only these of its benchmarks")
    evaluate.add_argument("--limit", type=int, metavar="N", help="with --preset: so many problems of each, evenly spread")
    evaluate.add_argument("--engine", choices=["transformers", "vllm"], help="with --preset: instead of execution.engine")
    rewards = stage("rewardbench", "Measure a reward model on RewardBench.", evaluations.rewardbench, "model", alone=True)
    rewards.add_argument("--path", metavar="FILE", help="its pairs, instead of the hub's")
    rewards.add_argument("--limit", type=int, metavar="N", help="so many pairs, evenly spread")
    plan = stage("gate-plan", "Write down what the gate can show, before its results.", comparing.gate_plan, "curated")
    plan.add_argument("--before", type=Path, metavar="DIR", help="the evaluated folder of reason, for the spread")
    stage("final", "Name the run's final model, by what the gate says.", comparing.final, "gate")
    report = stage("report", "Write the report of a run.", comparing.report)
    report.add_argument("--run-folder", type=Path, required=True, metavar="DIR")
    report.add_argument("--lineage", type=Path, required=True, metavar="PATH")
    report.add_argument("--figures", type=Path, required=True, metavar="DIR", help="SVG files for Snakemake's own report")

    verify = commands.add_parser("verify", help="Judge stored completions.", description="Judge stored completions again.")
    verify.add_argument("source", type=Path, metavar="IN", help="jsonl or parquet: id, verifier, reference, completion")
    verify.add_argument("out", type=Path, metavar="OUT", help="parquet: id, verdict, score, reason, seconds")
    verify.add_argument("--workers", type=int, default=2)
    verify.set_defaults(command=_verify)
    serving.add(commands)
    releasing.add(commands)
    talking.add(commands)
    starting.add(commands)
    status = commands.add_parser("status", help="Show how far a run is.", description="Stage, step, rate and time left.")
    status.add_argument("run", metavar="RUN", help="a run's name or folder")
    status.set_defaults(command=_status)
    clean = commands.add_parser("clean", help="Remove state that is no longer needed.", description="Remove retired state.")
    clean.add_argument("run", metavar="RUN", help="a run's name or folder")
    clean.add_argument("--dry-run", action="store_true", help="show what would go, remove nothing")
    clean.add_argument("--all-interrupted", action="store_true", help="also state that a stage could go on from")
    clean.set_defaults(command=_clean)
    planned = commands.add_parser("plan", help="Memory, time and cost of a run.", description="What a configuration will take.")
    planned.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file, such as config/qwq-32b.yaml")
    planned.set_defaults(command=_plan)
    _data_commands(commands)
    _samples_command(commands)
    _compare_command(commands)
    for name, help_ in (("lineage", "Walk an artifact back to its sources."), ("check", "Re-hash an artifact's files.")):
        sub = commands.add_parser(name, help=help_, description=help_)
        sub.add_argument("path", type=Path, metavar="PATH")
        sub.set_defaults(command=_lineage if name == "lineage" else _check)
    return top


def _data_commands(commands: Any) -> None:
    """`data show` and `data funnel`: for people, from any finished table or run."""
    data = commands.add_parser("data", help="Look at rows, and at what curation dropped.", description="Look at data.")
    inner = data.add_subparsers(title="commands", metavar="COMMAND", required=True)
    show = inner.add_parser("show", help="Print rows of a table.", description="Print rows of a table, or of each in a folder.")
    show.add_argument("path", type=Path, metavar="PATH", help="a parquet file, or a folder that a stage has published")
    show.add_argument("--n", type=int, default=5, help="rows of each table (default: 5)")
    show.add_argument("--where", metavar="EXPR", help="which rows, such as: domain == math and verdict != correct")
    show.add_argument("--seed", type=int, help="draw rows by chance instead of taking the first")
    show.add_argument("--full", action="store_true", help="long texts whole")
    show.set_defaults(command=showing.data_show)
    funnel = inner.add_parser("funnel", help="Print what each step of curation dropped.", description="The attrition table.")
    funnel.add_argument("run", metavar="RUN", help="a run's name or folder")
    funnel.set_defaults(command=showing.data_funnel)


def _samples_command(commands: Any) -> None:
    """`samples`: for people, from any evaluated run."""
    help_ = "Print what checkpoints wrote on benchmarks, and how it was judged."
    samples = commands.add_parser("samples", help=help_, description=help_)
    samples.add_argument("run", metavar="RUN", help="a run's name or folder")
    samples.add_argument("--stage", help="base, coldstart, reason or general (default: all)")
    samples.add_argument("--benchmark", help="such as math or humaneval (default: all)")
    samples.add_argument("--verdict", choices=["correct", "incorrect", "unscorable"])
    samples.add_argument("--n", type=int, default=5, help="samples of each table (default: 5)")
    samples.add_argument("--seed", type=int, help="draw samples by chance instead of taking the first")
    samples.add_argument("--full", action="store_true", help="long texts whole")
    samples.set_defaults(command=showing.samples)


def _compare_command(commands: Any) -> None:
    """`report compare`: for people, from any two evaluated runs."""
    help_ = "Write one page about two runs: configurations, scores paired by problem, completions side by side."
    two = commands.add_parser(COMPARE, help=help_, description=help_)
    for name in ("RUN_A", "RUN_B"):
        two.add_argument(name.lower(), metavar=name, help="a run's name or folder")
    two.add_argument("--out", type=Path, metavar="FILE", help="the page (default: compare-RUN_A-RUN_B.html here)")
    two.set_defaults(command=showing.compare)


def _verify(options: argparse.Namespace) -> None:
    from openqwq.verify import command

    command.run(options.source, options.out, options.workers)


def _status(options: argparse.Namespace) -> None:
    from openqwq.status import show

    show(options.run)


def _clean(options: argparse.Namespace) -> None:
    from openqwq.clean import clean

    clean(options.run, options.dry_run, options.all_interrupted)


def _plan(options: argparse.Namespace) -> None:
    from openqwq.plan.command import show

    show(options.config)


def _lineage(options: argparse.Namespace) -> None:
    from openqwq.artifacts.lineage import show

    show(options.path)


def _check(options: argparse.Namespace) -> None:
    from openqwq.artifacts.lineage import check

    check(options.path)


if __name__ == "__main__":
    sys.exit(main())
