"""Stage profile: how often the cold-start model solves each training problem, to choose what RL can learn from.

Problems that are always or never solved give groups without variance. The Qwen3 report (section 4) and Skywork-OR1 filter
by pass rate in this way.
"""

from pathlib import Path
from typing import Any

from openqwq.agents.rows import is_agent
from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import COMPLETION, PROBLEM, PROFILE
from openqwq.config import Execution
from openqwq.config.train import ProfileConfig
from openqwq.errors import StageFailure, UserError
from openqwq.evaluate.samples import Rows, draw, judge
from openqwq.generate import open_sampler
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.verify import VerifierPool

CHUNK = 32  # problems sampled between two saves


def run(stage: Stage, config: ProfileConfig, policy: Path, problems: Path, out: Path, execution: Execution) -> None:
    """Publishes `out` with profile.parquet (a row a problem) and completions.parquet (every sample)."""
    chosen = choose(read_table(problems, PROBLEM).to_pylist(), config, problems)
    folder = stage.state / "chunks"
    chunks = [chosen[i : i + CHUNK] for i in range(0, len(chosen), CHUNK)]
    tokenizer = load_tokenizer(policy) if any(map(is_agent, chosen)) else None
    done = sum((folder / f"{i:05d}.parquet").exists() for i in range(len(chunks)))
    if done:
        stage.progress.say(f"resuming: {done} of {len(chunks)} chunks of problems are done, fingerprint {stage.fingerprint[:12]}")
    with (
        open_sampler(execution.engine, policy, execution.generation_batch, execution.generation_dtype, execution.vllm) as sampler,
        VerifierPool(execution.verifier_workers) as verifiers,
    ):
        solved = total = 0
        for number, chunk in enumerate(chunks):
            path = folder / f"{number:05d}.parquet"
            if path.exists():
                continue
            drawn = draw(sampler, chunk, config.samples, config.sampling, stage.seed, None, tokenizer, config.agents)
            rows = judge(drawn, verifiers)
            write_table(path, rows, COMPLETION)
            solved, total = solved + sum(r["verdict"] == "correct" for r in rows), total + len(rows)
            stage.progress.update("problems", min((number + 1) * CHUNK, len(chosen)), len(chosen), solved=solved / total)
    completions = [row for n in range(len(chunks)) for row in read_table(folder / f"{n:05d}.parquet", COMPLETION).to_pylist()]
    profile = summarise(completions)
    bound_unscorable(profile, execution.bounds.unscorable, folder)
    for domain in config.problems:
        rates = [row["pass_rate"] for row in profile if row["domain"] == domain and row["pass_rate"] is not None]
        between = sum(0 < rate < 1 for rate in rates)
        stage.progress.say(f"{domain}: {between} of {len(rates)} problems are solved sometimes, not always")
    with stage.publish_folder(out) as target:
        write_table(target / "profile.parquet", profile, PROFILE)
        write_table(target / "completions.parquet", completions, COMPLETION)


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


def bound_unscorable(profile: Rows, most: float, where: Path) -> None:
    """Raises `StageFailure` when too many completions could not be judged."""
    share = sum(row["unscorable"] for row in profile) / sum(row["samples"] for row in profile)
    if share > most:
        raise StageFailure(
            f"profile: {share:.0%} of the completions could not be judged, execution.bounds.unscorable allows "
            f"{most:.0%}. See verdict and reason in {where}, mend the cause, delete that folder and start again."
        )
