"""One checkpoint on every benchmark: samples, verdicts and scores in one folder."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

from openqwq.agents.rows import is_agent
from openqwq.artifacts.files import read_table, write_json, write_table
from openqwq.artifacts.schemas import COMPLETION, PROBLEM, SCORE
from openqwq.config import Execution
from openqwq.config.evaluate import Benchmark, EvaluateConfig
from openqwq.config.train import Sampling
from openqwq.config.vllm import VllmConfig
from openqwq.errors import StageFailure, UserError
from openqwq.evaluate.samples import Rows, draw, judge, not_empty
from openqwq.evaluate.scores import frame, score_rows
from openqwq.generate import Sampler, open_sampler
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.verify import VerifierPool

Opener = Callable[[str, Path, int, str, VllmConfig], AbstractContextManager[Sampler]]  # engine, checkpoint, batch, dtype, vllm


def run(
    stage: Stage,
    config: EvaluateConfig,
    benchmarks: list[Benchmark],
    name: str,
    checkpoint: Path,
    tables: Path,
    out: Path,
    execution: Execution,
    opener: Opener = open_sampler,
) -> None:
    """Evaluates `checkpoint`, called `name` (base, coldstart, …), on each `tables/*.parquet` and publishes the folder `out`.

    `out` gets one `<benchmark>.parquet` with every sample and `scores.parquet`. A benchmark that an interrupted attempt
    finished is not drawn again. Raises `StageFailure` when more than `execution.bounds.unscorable` of a benchmark could not be
    judged: its samples stay in the state folder, and the next attempt judges the unscorable ones anew.
    """
    work = plan(config, benchmarks, tables)
    drawn = [benchmark for benchmark in work if _kept(stage, benchmark).is_file()]
    if drawn:
        stage.progress.say(f"resuming: {len(drawn)} of {len(work)} benchmarks done, fingerprint {stage.fingerprint[:12]}")
    total = sum(len(problems) * samples for problems, samples, _ in work.values())
    done = 0
    with ExitStack() as stack:
        verifiers = stack.enter_context(VerifierPool(execution.verifier_workers))
        sampler: Sampler | None = None
        for benchmark, (problems, samples, sampling) in work.items():
            if benchmark not in drawn:
                if sampler is None:  # not before it is needed: a resumed attempt may only have to judge
                    how = execution.generation_batch, execution.generation_dtype, execution.vllm
                    sampler = stack.enter_context(opener(execution.engine, checkpoint, *how))
                what, tokenizer = f"{sampling.max_tokens} tokens", None
                if any(map(is_agent, problems)):
                    what, tokenizer = f"{what} a turn", load_tokenizer(checkpoint)
                stage.progress.say(f"{benchmark}: {len(problems)} problems × {samples}, up to {what}")

                def tell(ready: int, _of: int, before: int = done) -> None:
                    stage.progress.update("completions", before + ready, total)

                started = time.monotonic()
                rows = draw(sampler, problems, samples, sampling, seed_of(stage.seed, benchmark), tell, tokenizer, config.agents)
                _keep(stage, benchmark, rows, time.monotonic() - started)
            done += len(problems) * samples
            _judge(stage, execution.bounds.unscorable, benchmark, verifiers)
    with stage.publish_folder(out) as folder:
        rows = []
        for benchmark in work:
            kept = _kept(stage, benchmark)
            table = write_table(folder / f"{benchmark}.parquet", read_table(kept, COMPLETION), COMPLETION)
            seconds = json.loads(kept.with_suffix(".json").read_text(encoding="utf-8"))["seconds"]
            rows += score_rows(name, benchmark, frame(table), seconds=seconds, draws=config.bootstrap, seed=stage.seed)
        write_table(folder / "scores.parquet", rows, SCORE)
    for row in rows:
        if row["metric"] == "avg@k" and row["value"] is not None:
            stage.progress.say(
                f"{name} on {row['benchmark']}: {row['value']:.3f} [{row['low']:.3f}, {row['high']:.3f}], n = {row['n']}"
            )


Work = dict[str, tuple[Rows, int, Sampling]]  # by benchmark: problems, samples a problem, sampling


def plan(config: EvaluateConfig, benchmarks: list[Benchmark], tables: Path) -> Work:
    """What is to be drawn, by name: a configured benchmark with its own k and length, a held-out table with the stage's."""
    own = {benchmark.name: benchmark for benchmark in benchmarks}
    made: Work = {}
    for path in sorted(tables.glob("*.parquet")):
        problems = read_table(path, PROBLEM).to_pylist()
        not_empty(problems, str(path))
        benchmark = own.get(path.stem)
        sampling = config.sampling
        if benchmark and benchmark.max_tokens:
            sampling = sampling.model_copy(update={"max_tokens": benchmark.max_tokens})
        made[path.stem] = (problems, benchmark.samples if benchmark else config.held_out_k(path.stem), sampling)
    absent = sorted(set(own) - set(made))
    if absent:
        raise UserError(f"{tables}: no table of the benchmark {absent[0]!r}. Run the stage curate again with this configuration.")
    if not made:
        raise UserError(f"{tables}: no benchmark tables. Configure benchmarks or curate.held_out, then run curate.")
    return made


def seed_of(seed: int, benchmark: str) -> int:
    """A benchmark's own seed: adding or dropping another benchmark does not change its samples."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{benchmark}".encode()).digest()[:4], "big") >> 1


def _kept(stage: Stage, benchmark: str) -> Path:
    return stage.state / "samples" / f"{benchmark}.parquet"


def _keep(stage: Stage, benchmark: str, rows: Rows, seconds: float) -> None:
    path = _kept(stage, benchmark)
    write_json(path.with_suffix(".json"), {"seconds": round(seconds, 1)})
    write_table(path, rows, COMPLETION)  # last: its presence says that the benchmark is drawn


def _judge(stage: Stage, most: float, benchmark: str, verifiers: VerifierPool) -> None:
    """Gives the kept samples their verdicts, where they have none or an unscorable one.

    Where too many episodes are unscorable nothing is kept: what they were judged by is gone, so they are played again.
    """
    path = _kept(stage, benchmark)
    rows: Rows = read_table(path, COMPLETION).to_pylist()
    judged = judge(rows, verifiers)
    if judged != rows:
        write_table(path, judged, COMPLETION)
    reasons = [row["reason"] for row in judged if row["verdict"] == "unscorable"]
    if len(reasons) > most * len(judged):
        common = max(sorted(set(reasons)), key=reasons.count)
        again = "they are judged anew, not drawn anew"
        where = f"The samples are kept in {path}. "
        if any(map(is_agent, judged)):
            path.unlink()
            again, where = "the episodes are played again", ""
        raise StageFailure(
            f"{benchmark}: {len(reasons)} of {len(judged)} completions could not be judged, most often because of {common!r}; "
            f"execution.bounds.unscorable allows {most:.0%}. {where}Mend the cause and start again: {again}."
        )
