"""Stage profile: how often the cold-start model solves each training problem, to choose what RL can learn from.

Problems that are always or never solved give groups without variance. The Qwen3 report (section 4) and Skywork-OR1 filter
by pass rate in this way. At once, or in two phases: shards, each a job with an engine of its own that draws and judges every
N-th chunk of problems, and gathering. What a completion draws depends on seed, prompt and its number alone, so the number of
shards changes no sample but in the last bits that the neighbours in a batch can move.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from openqwq.agents.rows import is_agent
from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import COMPLETION, PROBLEM, PROFILE
from openqwq.artifacts.shards import Shard, whole_set
from openqwq.config import Execution
from openqwq.config.train import ProfileConfig
from openqwq.errors import StageFailure, UserError
from openqwq.evaluate.samples import Rows, draw, judge
from openqwq.generate import open_sampler
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.verify import VerifierPool

CHUNK = 32  # problems in a file of the state


def run(stage: Stage, config: ProfileConfig, policy: Path, problems: Path, out: Path, execution: Execution) -> None:
    """Publishes `out` with profile.parquet (a row a problem) and completions.parquet (every sample)."""
    chunks = _drawn(stage, config, policy, problems, Shard(), execution)
    bound_unscorable(list(filter(is_agent, _rows(chunks))), execution.bounds.unscorable, chunks)
    _publish(stage, config, chunks, out, execution)


def shard(
    stage: Stage, config: ProfileConfig, policy: Path, problems: Path, which: Shard, out: Path, execution: Execution
) -> None:
    """The first phase for one shard: publishes its chunks, judged, as the folder `out`."""
    chunks = _drawn(stage, config, policy, problems, which, execution)
    # An episode cannot be judged anew by whoever gathers: what it was judged by is gone.
    bound_unscorable(list(filter(is_agent, _rows(chunks))), execution.bounds.unscorable, chunks)
    with stage.publish_folder(out) as folder:
        for path in chunks:
            write_table(folder / path.name, _rows([path]), COMPLETION)


def gather(stage: Stage, config: ProfileConfig, shards: list[Path], out: Path, execution: Execution) -> None:
    """The second phase: publishes what `run` does. Raises `UserError` for shards that are not all there or not of this stage."""
    shards = whole_set(shards, stage.made_from(), stage.hashes)
    stage.after(shards)
    drawn = [read_manifest(folder)["execution"] for folder in shards]
    stage.facts["drawn_with"] = [one for at, one in enumerate(drawn) if one not in drawn[:at]]
    chunks = [path for folder in shards for path in folder.glob("*.parquet")]
    _publish(stage, config, sorted(chunks, key=lambda path: path.name), out, execution)


def _drawn(stage: Stage, config: ProfileConfig, policy: Path, problems: Path, which: Shard, execution: Execution) -> list[Path]:
    """The shard's chunks in the stage's state, drawn and judged where they are missing.

    Chunks that are drawn together are there together, or are drawn again: a kill does not change what is computed side by side.
    """
    chosen = choose(read_table(problems, PROBLEM).to_pylist(), config, problems)
    chunks = [chosen[i : i + CHUNK] for i in range(0, len(chosen), CHUNK)]
    own = range(len(chunks))[which.index :: which.count]
    paths = {number: stage.state / "chunks" / f"{number:05d}.parquet" for number in own}
    together = max(1, execution.saving.evaluate * execution.generation_batch // (config.samples * CHUNK))
    groups = [own[i : i + together] for i in range(0, len(own), together)]
    missing = [group for group in groups if not all(paths[number].exists() for number in group)]
    whole, ready = sum(len(chunks[n]) for n in own), sum(len(chunks[n]) for g in groups if g not in missing for n in g)
    if ready:
        stage.progress.say(f"resuming: {ready} of {whole} problems are done, fingerprint {stage.fingerprint[:12]}")
    if not missing:
        return list(paths.values())
    tokenizer = load_tokenizer(policy) if any(map(is_agent, chosen)) else None
    with (
        open_sampler(execution.engine, policy, execution.generation_batch, execution.generation_dtype, execution.vllm) as sampler,
        VerifierPool(execution.verifier_workers) as verifiers,
    ):
        solved = total = 0
        for group in missing:
            asked = [problem for number in group for problem in chunks[number]]
            drawn = draw(sampler, asked, config.samples, config.sampling, stage.seed, None, tokenizer, config.agents)
            rows = judge(drawn, verifiers)
            solved, total, ready = solved + sum(r["verdict"] == "correct" for r in rows), total + len(rows), ready + len(asked)
            for number in group:
                count = len(chunks[number]) * config.samples
                write_table(paths[number], rows[:count], COMPLETION)
                rows = rows[count:]
            stage.progress.update("problems", ready, whole, solved=solved / total)
    return list(paths.values())


def _publish(stage: Stage, config: ProfileConfig, chunks: Sequence[Path], out: Path, execution: Execution) -> None:
    """Judges again what could not be judged, and publishes both tables. `chunks` in the order of their numbers."""
    completions = _rows(chunks)
    if any(row["verdict"] == "unscorable" for row in completions):
        with VerifierPool(execution.verifier_workers) as verifiers:
            completions = judge(completions, verifiers)
    bound_unscorable(completions, execution.bounds.unscorable, chunks)
    profile = summarise(completions)
    for domain in config.problems:
        rates = [row["pass_rate"] for row in profile if row["domain"] == domain and row["pass_rate"] is not None]
        between = sum(0 < rate < 1 for rate in rates)
        stage.progress.say(f"{domain}: {between} of {len(rates)} problems are solved sometimes, not always")
    with stage.publish_folder(out) as target:
        write_table(target / "profile.parquet", profile, PROFILE)
        write_table(target / "completions.parquet", completions, COMPLETION)


def _rows(chunks: Sequence[Path]) -> Rows:
    return [row for path in chunks for row in read_table(path, COMPLETION).to_pylist()]


def choose(problems: Rows, config: ProfileConfig, where: Path) -> Rows:
    """The first problems of each domain in the order of their ids, which are hashes: a fixed random sample."""
    chosen: Rows = []
    for domain, count in config.problems.items():
        found = sorted((p for p in problems if p["domain"] == domain and p["verifier"]), key=lambda p: str(p["id"]))
        if not found:
            raise UserError(
                f"{where}: no {domain} problem with a verifier. Take {domain} out of profile.problems or add a source."
            )
        chosen += found[:count]
    return chosen


def summarise(completions: Rows) -> Rows:
    """A `PROFILE` row for each problem, in order of first appearance."""
    groups: dict[str, Rows] = {}
    for row in completions:
        groups.setdefault(row["problem_id"], []).append(row)
    return [_profile(identifier, rows) for identifier, rows in groups.items()]


def _profile(identifier: str, rows: Rows) -> dict[str, Any]:
    unscorable = sum(row["verdict"] == "unscorable" for row in rows)
    correct = sum(row["verdict"] == "correct" for row in rows)
    scorable = len(rows) - unscorable
    return {
        "problem_id": identifier,
        "domain": rows[0]["domain"],
        "samples": len(rows),
        "correct": correct,
        "unscorable": unscorable,
        "pass_rate": correct / scorable if scorable else None,
        "mean_tokens": sum(row["tokens"] for row in rows) / len(rows),
    }


def bound_unscorable(completions: Rows, most: float, chunks: Sequence[Path]) -> None:
    """Raises `StageFailure` when more than the share `most` of the completions in `chunks` could not be judged.

    They are kept, and judged anew by the next attempt. Episodes, which cannot be, are forgotten with their chunks.
    """
    wrong = [row for row in completions if row["verdict"] == "unscorable"]
    if len(wrong) <= most * len(completions):
        return
    reasons = [str(row["reason"]) for row in wrong]
    common = max(sorted(set(reasons)), key=reasons.count)
    what, again = "completions", f"they are kept in {chunks[0].parent}, and judged anew, not drawn anew"
    if all(map(is_agent, completions)):
        what, again = "episodes", "they are played again"
        for path in chunks:
            if any(row["verdict"] == "unscorable" and is_agent(row) for row in _rows([path])):
                path.unlink()
    raise StageFailure(
        f"profile: {len(wrong)} of {len(completions)} {what} could not be judged, most often because of {common!r}; "
        f"execution.bounds.unscorable allows {most:.0%}. Mend the cause and start again: {again}."
    )
