"""The stage `curate`: from the configured sources to tables that training and evaluation can trust.

Two phases. Shards (shard.py) read the sources and judge each row by itself; gathering (gather.py) compares rows with one
another and publishes. By default the second runs where all shards were made; the workflow makes each shard a job. The number of
shards changes neither rows nor order nor bytes.

`decontaminate` compares with the benchmarks (whole, even where only a slice of one is evaluated), `held_out` with our own
held-out problems.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from openqwq.artifacts.files import publishing, write_table
from openqwq.artifacts.schemas import PROBLEM, REJECTED
from openqwq.artifacts.shards import Shard, whole_set
from openqwq.artifacts.streams import batches
from openqwq.config.curate import CurateConfig
from openqwq.config.evaluate import Benchmark
from openqwq.data.gather import Gather
from openqwq.data.processes import each
from openqwq.data.rows import Row
from openqwq.data.shard import run as run_shard
from openqwq.data.steps.decontaminate import Evaluations
from openqwq.data.steps.gold import Golds
from openqwq.data.steps.registry import Context
from openqwq.errors import UserError
from openqwq.progress import Progress
from openqwq.stage import Stage


def run(stage: Stage, config: CurateConfig, benchmarks: list[Benchmark], out: Path, workers: int, shards: int = 1) -> None:
    """Both phases: publishes problems, traces, preferences, benchmarks, and the account of what was dropped as `out`.

    `workers` verifier processes check the golds. `shards` are read by processes of their own, as many at once as there are
    cores; those that an interrupted attempt has finished are used again. Raises `UserError` where a source or a benchmark
    cannot be had, too many rows of a source are malformed, or no problem is left to train on.
    """
    folders = [stage.state / "shards" / Shard(index, shards).name for index in range(shards)]
    missing = [(index, folder) for index, folder in enumerate(folders) if not folder.is_dir()]
    at_once = min(len(missing), len(os.sched_getaffinity(0)))
    judging = max(1, workers // max(1, at_once))
    jobs = [(config, benchmarks, stage.seed, Shard(index, shards), folder, judging) for index, folder in missing]
    if at_once <= 1:
        for job in jobs:
            _shard(*job, progress=stage.progress)
    else:
        for _ in each(_alone, jobs, at_once):
            pass
    _gather(stage, config, benchmarks, folders, out)


def shard(stage: Stage, config: CurateConfig, benchmarks: list[Benchmark], which: Shard, out: Path, workers: int) -> None:
    """The first phase for one shard, published as the folder `out`."""
    with stage.publish_folder(out) as folder:
        _fill(config, benchmarks, stage.seed, which, folder, workers, stage.progress)


def gather(stage: Stage, config: CurateConfig, benchmarks: list[Benchmark], shards: list[Path], out: Path) -> None:
    """The second phase. Raises `UserError` where the shards are not all there or were made from something else."""
    stage.after(whole_set(shards, stage.made_from(), stage.hashes))
    _gather(stage, config, benchmarks, shards, out)


def _alone(job: tuple[CurateConfig, list[Benchmark], int, Shard, Path, int]) -> None:
    _shard(*job)


def _shard(
    config: CurateConfig,
    benchmarks: list[Benchmark],
    seed: int,
    which: Shard,
    folder: Path,
    workers: int,
    progress: Progress | None = None,
) -> None:
    """A shard that appears under its name when it is whole."""
    with publishing(folder) as temporary:
        _fill(config, benchmarks, seed, which, temporary, workers, progress or Progress(f"curate {which.name}", None))


def _fill(
    config: CurateConfig, benchmarks: list[Benchmark], seed: int, which: Shard, folder: Path, workers: int, progress: Progress
) -> None:
    whole = Evaluations({b.name: _load(b.model_copy(update={"limit": None})) for b in benchmarks}, config.ngram)
    with Golds(workers) as golds:
        run_shard(config, Context(config, whole, golds), seed, which, folder, progress)


def _gather(stage: Stage, config: CurateConfig, benchmarks: list[Benchmark], shards: list[Path], out: Path) -> None:
    tables = {benchmark.name: _load(benchmark) for benchmark in benchmarks}
    with _work(stage.state / "gather") as work, stage.publish_folder(out) as folder:
        made = Gather(config, shards, work, len(os.sched_getaffinity(0)), stage.progress)
        made.decide()
        made.write(folder)
        train = len(made.fates["problems"].train)
        if not train:
            raise _no_problems(folder, made)
        for name, rows in {**tables, **made.held_out}.items():
            write_table(folder / "benchmarks" / f"{name}.parquet", rows, PROBLEM)
    sizes = {role: (len(fate.train), len(fate.held_out)) for role, fate in made.fates.items()}
    stage.progress.say(
        f"{train} problems, {sizes['traces'][0]} + {sizes['traces'][1]} traces, {sizes['preferences'][0]} + "
        f"{sizes['preferences'][1]} preferences, {sum(map(len, made.held_out.values()))} problems held out"
    )


@contextmanager
def _work(folder: Path) -> Iterator[Path]:
    """An empty folder that is removed at the end, and was left by nobody."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _load(benchmark: Benchmark) -> list[Row]:
    # Imported here: the stages do not lean on each other, except that curation must know what will be evaluated.
    from openqwq.evaluate.benchmarks import load

    return load(benchmark)


def _no_problems(folder: Path, made: Gather) -> UserError:
    kinds: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], str] = {}
    for piece in batches(folder / "rejected.parquet", [name for name in REJECTED.names if name != "row"]):
        for row in piece.to_pylist():
            if row["role"] == "problems":
                kind = (row["step"], row["source"], row["reason"].split(":")[0])
                kinds[kind] += 1
                examples.setdefault(kind, row["reason"])
    if kinds:
        (kind, count) = kinds.most_common(1)[0]
        why = f"most were dropped in the step {kind[0]!r}: {count} of the source {kind[1]!r}, because: {examples[kind]}"
    elif any(role == "problems" for role, _, _ in made.funnel.counts):
        why = "all were held out for evaluation (curate.held_out)"
    else:
        why = "curate.sources has no source with the role problems"
    return UserError(
        f"empty dataset: no problem is left to train on; {why}. Mend or add a source of problems, or hold out fewer rows."
    )
