"""GRPO on CPU beside stock TRL: `python -m benchmarks.rl_step [--checkpoint DIR]`.

The same model, problems (`rl_pool.jsonl`), hyperparameters, group size, lengths and float32 master weights, without gradient
checkpointing; both under bfloat16 autocast where the processor multiplies in bfloat16, else in float32. Stock and ours
take turns, each measurement in a process of its own.

(a) An optimizer step on the same stored live groups: nothing but forward, backward and update.
(b) Seconds for each useful completion, one whose group has rewards that differ, over the first `--steps` steps.
(c) Seconds of training until avg@k on held-out problems has risen by ten points over the cold start, at most `--cap`.

Prints tables, and writes them as JSON. A whole run takes hours, most of them (c) on the stock side; `--cap 0` leaves (c) out.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from benchmarks.rl_clock import PARTS
from benchmarks.rl_task import Task
from benchmarks.row import Row
from openqwq.artifacts.files import write_json
from openqwq.environment import code_version, environment

SIDES = ("stock", "ours")
DEMO = Path("results/demo/coldstart/checkpoint")
PEER = "TRL GRPOTrainer"


def main() -> int:
    """Runs the parts asked for; returns the exit code."""
    options = argparse.ArgumentParser(
        prog="benchmarks.rl_step", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument(
        "--checkpoint", type=Path, help="of the cold start (default: the demo's, made first where it is missing)"
    )
    options.add_argument("--only", nargs="+", choices=["a", "b"], default=["a", "b"], help="(c) goes with b")
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options.add_argument("--steps", type=int, default=6, help="optimizer steps of (b), and of each turn of (a)")
    options.add_argument("--turns", type=int, default=2, help="of each side in (a)")
    options.add_argument("--cap", type=float, default=900, help="seconds of training in (c); 0 leaves it out")
    options.add_argument("--timed", type=int, nargs="+", help="the seeds of (c); all where none is given")
    options.add_argument("--samples", type=int, default=2, help="completions of each held-out problem in (c)")
    options.add_argument("--every", type=int, default=2, help="steps between two scores in (c)")
    options.add_argument("--learning-rate", type=float, default=3e-5)
    options.add_argument("--stock-micro-batch", type=int, default=8, help="completions of a forward pass of the peer")
    options.add_argument("--out", type=Path, default=Path("results/bench/rl_step.json"))
    given = options.parse_args()
    if given.timed and not set(given.timed) <= set(given.seeds):
        options.error(f"--timed {given.timed}: not all among --seeds {given.seeds}")
    with tempfile.TemporaryDirectory() as scratch:
        task = Task(
            kind="store",
            who="ours",
            checkpoint=str(given.checkpoint or cold_start()),
            scratch=scratch,
            groups_file=str(Path(scratch) / "groups.json"),
            steps=given.steps,
            cap=given.cap,
            every=given.every,
            samples=given.samples,
            learning_rate=given.learning_rate,
            stock_micro_batch=given.stock_micro_batch,
        )
        raw: dict[str, Any] = {"task": asdict(task)}
        rows: list[Row] = []
        if "a" in given.only:
            raw["stored"] = on_stored(task, given.turns)
            rows += stored_rows(raw["stored"])
        if "b" in given.only:
            raw["trained"] = trained(task, given.seeds, given.timed or given.seeds)
            rows += trained_rows(raw["trained"], task)
    for row in rows:
        print(row.line())
    write_json(given.out, {"code": code_version(), "environment": environment(), "rows": [vars(row) for row in rows]} | raw)
    print(f"written to {given.out}")
    return 0


def cold_start() -> Path:
    """The demo's cold-start checkpoint; Snakemake makes it where it is missing."""
    if not DEMO.is_dir():
        subprocess.run(["snakemake", "--cores", "2", "coldstart"], check=True)
    return DEMO


def run(task: Task) -> dict[str, Any]:
    """The result of a task, carried out in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        text = json.dumps(asdict(replace(task, scratch=scratch)))
        print(f"{task.kind} {task.who} seed {task.seed} ...", file=sys.stderr, flush=True)
        done = subprocess.run([sys.executable, "-m", "benchmarks.rl_worker", text], check=True, stdout=subprocess.PIPE, text=True)
    last = done.stdout.splitlines()[-1]
    print(last, file=sys.stderr, flush=True)  # a benchmark that is stopped after an hour has not measured in vain
    result: dict[str, Any] = json.loads(last)
    return result


def on_stored(task: Task, turns: int) -> dict[str, Any]:
    """(a): the results of all turns by side, and what was stored."""
    made: dict[str, Any] = {"stored": run(replace(task, kind="store"))} | {side: [] for side in SIDES}
    for _ in range(turns):
        for side in SIDES:
            made[side].append(run(replace(task, kind="stored", who=side)))
    return made


def stored_rows(made: dict[str, Any]) -> list[Row]:
    """Seconds of a step and of its parts."""
    steps = {side: [seconds for turn in made[side] for seconds in turn["steps"]] for side in SIDES}
    ours, stock = (statistics.median(steps[side]) for side in ("ours", "stock"))
    tokens = made["stored"]["tokens"]
    rows = [
        Row("(a) optimizer step, identical live batches", "s", len(steps["ours"]), ours, stock, PEER),
        Row("(a) trained tokens", "tokens/s", tokens, tokens / ours, tokens / stock, PEER),
    ]
    for part in ("log-probs", "backward", "optimizer", "overhead"):
        ours, stock = (statistics.fmean(turn["parts"][part] for turn in made[side]) for side in ("ours", "stock"))
        rows.append(Row(f"(a)   of which {part}", "s", len(steps["ours"]), ours, stock, PEER))
    padding = max(turn["padding"] for turn in made["ours"])
    return [*rows, Row("(a) padding", "share", len(made["ours"]), padding, None, "at most 0.1")]


def trained(task: Task, seeds: list[int], timed: list[int]) -> dict[str, list[dict[str, Any]]]:
    """(b), and of the seeds that are `timed` (c): the results of each seed by side."""
    made: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for seed in seeds:
        for side in SIDES:
            cap = task.cap if seed in timed else 0.0
            made[side].append(run(replace(task, kind="train", who=side, seed=seed, cap=cap)))
    return made


def trained_rows(made: dict[str, list[dict[str, Any]]], task: Task) -> list[Row]:
    """Medians over the seeds."""
    both = [made["ours"], made["stock"]]
    seeds = len(both[0])

    def median(what: str, unit: str, figure: Any) -> Row:
        ours, stock = (statistics.median(figure(run) for run in runs) for runs in both)
        return Row(what, unit, seeds, ours, stock, PEER)

    rows = [
        median("(b) seconds a useful completion", "s", lambda run: run["seconds"] / max(1, run["useful"])),
        median("(b) useful completions", "1/s", lambda run: run["useful"] / run["seconds"]),
        median("(b) useful share of what is generated", "share", lambda run: run["useful"] / run["made"]),
        median("(b) useful completions a step", "count", lambda run: run["useful"] / task.steps),
        median("(b) optimizer step", "s", lambda run: run["seconds"] / task.steps),
    ]
    for part in (*PARTS, "overhead"):
        rows.append(median(f"(b)   of which {part}", "s", lambda run, part=part: run["parts"][part]))
    padding = max(run["padding"] for run in made["ours"])
    rows.append(Row("(b) padding, the worst step", "share", seeds, padding, None, "at most 0.1"))
    both = [[run for run in runs if run["timeline"]] for runs in both]
    seeds = len(both[0])
    if seeds:
        rows.append(median("(c) avg@k of the cold start", "share", lambda run: run["timeline"][0][2]))
        rows.append(median("(c) best avg@k", "share", lambda run: max(value for _, _, value in run["timeline"])))
        rows.append(median(f"(c) time to +{task.rise:.0%}", "s", lambda run: run["reached"] or run["trained"]))
        ours, stock = (sum(run["reached"] is None for run in runs) for runs in both)
        rows.append(Row("(c) seeds that had not risen by the cap", "count", seeds, ours, stock, PEER))
    return rows


if __name__ == "__main__":
    sys.exit(main())
