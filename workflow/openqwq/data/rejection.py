"""Stage sample_traces: worked traces from a model's own correct completions (rejection sampling, DeepSeek-R1 section 2.3.3).

For each problem `samples` completions are drawn and verified. Of the correct ones those go on that pass the filters of
traces; of these the short are preferred, and different ones: `select` says how. Every sample is kept with its verdict.

What is published under `out`:

    traces/<domain>.parquet    the traces, ready to be a source of type file in another run's curation
    completions.parquet        every sample with its verdict
    rejected.parquet           correct completions that are no traces, with the reason
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openqwq.artifacts.files import conform, read_table, write_table
from openqwq.artifacts.schemas import COMPLETION, PROBLEM, REJECTED, TRACE
from openqwq.config import Execution
from openqwq.config.traces import SampleTracesConfig
from openqwq.data.filters import traces as filters
from openqwq.data.rows import Row, metadata_of, printable, to_json
from openqwq.errors import StageFailure, UserError
from openqwq.evaluate.samples import draw, judge
from openqwq.generate import open_sampler
from openqwq.stage import Stage
from openqwq.verify import VerifierPool

CHUNK = 32  # problems sampled between two saves
RUN_WORDS = 5  # words in a row by which two traces are compared


def run(stage: Stage, config: SampleTracesConfig, model: Path, problems: Path, out: Path, execution: Execution) -> None:
    """Publishes `out`. Resumable: what a killed run had sampled is read back from the stage's state.

    Raises `UserError` where a domain has no problem with a verifier, and `StageFailure` where too many samples cannot be
    judged.
    """
    chosen = choose(read_table(problems, PROBLEM).to_pylist(), config, problems)
    chunks = [chosen[at : at + CHUNK] for at in range(0, len(chosen), CHUNK)]
    paths = [stage.state / "chunks" / f"{number:05d}.parquet" for number in range(len(chunks))]
    done = sum(path.exists() for path in paths)
    if done:
        stage.progress.say(f"resuming: {done} of {len(chunks)} chunks of problems are done, fingerprint {stage.fingerprint[:12]}")
    if done < len(chunks):
        _sample(stage, config, model, chunks, paths, execution)
    unscorable = _publish(stage, config, chunks, paths, out, execution)
    stage.facts["unscorable"] = unscorable


def _sample(
    stage: Stage, config: SampleTracesConfig, model: Path, chunks: list[list[Row]], paths: list[Path], execution: Execution
) -> None:
    with (
        open_sampler(execution.engine, model, execution.generation_batch, execution.generation_dtype, execution.vllm) as sampler,
        VerifierPool(execution.verifier_workers) as verifiers,
    ):
        for number, (chunk, path) in enumerate(zip(chunks, paths, strict=True), 1):
            if path.exists():
                continue
            rows = judge(draw(sampler, chunk, config.samples, config.sampling, stage.seed, None), verifiers)
            write_table(path, rows, COMPLETION)
            solved = sum(row["verdict"] == "correct" for row in rows) / len(rows)
            stage.progress.update("problems", min(number * CHUNK, sum(map(len, chunks))), sum(map(len, chunks)), solved=solved)


def _publish(
    stage: Stage, config: SampleTracesConfig, chunks: list[list[Row]], paths: list[Path], out: Path, execution: Execution
) -> float:
    """Writes the tables chunk by chunk, so that memory holds one chunk's samples; returns the share that is unscorable."""
    rejected: list[dict[str, Any]] = []
    total = unscorable = kept = 0
    with stage.publish_folder(out) as folder, VerifierPool(execution.verifier_workers) as verifiers:
        (folder / "traces").mkdir()
        tables = {domain: _Table(folder / "traces" / f"{domain}.parquet", TRACE) for domain in config.problems}
        completions = _Table(folder / "completions.parquet", COMPLETION)
        for chunk, path in zip(chunks, paths, strict=True):
            samples = read_table(path, COMPLETION).to_pylist()
            completions.write(samples)
            total += len(samples)
            unscorable += sum(row["verdict"] == "unscorable" for row in samples)
            traces, dropped = from_samples(chunk, samples, config, verifiers)
            for domain in config.problems:
                tables[domain].write([row for row in traces if row["domain"] == domain])
            kept += len(traces)
            rejected += [_rejected(row, reason) for row, reason in dropped]
        for table in (*tables.values(), completions):
            table.close()
        write_table(folder / "rejected.parquet", rejected, REJECTED)
        if unscorable > execution.bounds.unscorable * total:
            raise StageFailure(
                f"sample_traces: {unscorable / total:.0%} of the completions could not be judged, execution.bounds.unscorable "
                f"allows {execution.bounds.unscorable:.0%}. See verdict and reason in {paths[0].parent}, mend the cause, delete "
                "that folder and start again."
            )
    stage.progress.say(f"{kept} traces from {total} completions; {len(rejected)} correct ones are none (rejected.parquet)")
    return unscorable / total


def choose(problems: Sequence[Row], config: SampleTracesConfig, where: Path) -> list[Row]:
    """As many problems of each domain as asked for, in the order of their ids, which are hashes: a fixed random sample."""
    chosen: list[Row] = []
    for domain, count in config.problems.items():
        found = sorted((row for row in problems if row["domain"] == domain and row["verifier"]), key=lambda row: str(row["id"]))
        if not found:
            raise UserError(f"{where}: no {domain} problem with a verifier. Take {domain} out of sample_traces.problems.")
        chosen += found[:count]
    return chosen


def from_samples(
    problems: Sequence[Row], samples: Sequence[dict[str, Any]], config: SampleTracesConfig, verifiers: VerifierPool
) -> tuple[list[Row], list[tuple[Row, str]]]:
    """Traces out of judged `COMPLETION` rows, and the correct ones that are none, with the reason. Order of the problems.

    A completion that was cut off is none, whatever its verdict. All that is kept is verified once more, as a trace.
    """
    by_id: dict[str, list[dict[str, Any]]] = {}
    for sample in samples:
        if sample["verdict"] == "correct":
            by_id.setdefault(sample["problem_id"], []).append(sample)
    candidates: list[Row] = []
    dropped: list[tuple[Row, str]] = []
    for problem in problems:
        for sample in by_id.get(problem["id"], []):
            row = trace_of(problem, sample)
            if sample["finish_reason"] == "stop":
                candidates.append(row)
            else:
                dropped.append((row, "cut off: the completion reached the token limit"))
    passed, against = filters.check(candidates, config.filters, verifiers)
    kept: list[Row] = []
    for problem in problems:
        chosen, spare = select([row for row in passed if row["id"] == problem["id"]], config.keep, config.max_similarity)
        kept += chosen
        against += spare
    return kept, dropped + against


def trace_of(problem: Row, sample: dict[str, Any]) -> Row:
    """The `TRACE` row; where the template opened the thinking, the opening tag is given back to the completion."""
    text = sample["text"]
    if sample["prompt"].rstrip().endswith("<think>") and not text.lstrip().startswith("<think>"):
        text = "<think>\n" + text.lstrip("\n")
    metadata = {**metadata_of(problem), "sampled": True, "sample": sample["sample"], "tokens": sample["tokens"]}
    return {**{name: problem[name] for name in PROBLEM.names}, "metadata": to_json(metadata), "completion": text}


def select(rows: Sequence[Row], keep: int, max_similarity: float) -> tuple[list[Row], list[tuple[Row, str]]]:
    """At most `keep` traces of one problem, and the others with the reason: short ones first, no near copies.

    From the shortest to the longest (in tokens; ties in the order drawn) each is taken that shares at most the share
    `max_similarity` of its five-word runs with each one taken before.
    """
    kept: list[Row] = []
    seen: list[set[tuple[str, ...]]] = []
    spare: list[tuple[Row, str]] = []
    for row in sorted(rows, key=lambda row: (metadata_of(row)["tokens"], metadata_of(row)["sample"])):
        runs = _runs(row["completion"])
        likeness = max((len(runs & other) / len(runs) for other in seen), default=0.0)
        if len(kept) == keep:
            spare.append((row, f"surplus: {keep} shorter traces of the problem are kept"))
        elif likeness > max_similarity:
            spare.append((row, f"near copy: {likeness:.0%} of its {RUN_WORDS}-word runs stand in a shorter trace"))
        else:
            kept.append(row)
            seen.append(runs)
    return kept, spare


def _runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[at : at + RUN_WORDS]) for at in range(max(1, len(words) - RUN_WORDS + 1))}


def _rejected(row: Row, reason: str) -> dict[str, Any]:
    shown = printable(row["completion"])
    return {
        "source": row["source"],
        "role": "traces",
        "step": "sample",
        "reason": printable(reason),
        "id": row["id"],
        "row": shown,
    }


class _Table:
    """A parquet file written part by part within a folder that is not published yet."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.schema = path, schema
        self.writer = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, rows: list[dict[str, Any]]) -> None:
        if rows:
            self.writer.write_table(conform(pa.Table.from_pylist(rows, schema=self.schema), self.schema, str(self.path)))

    def close(self) -> None:
        self.writer.close()
