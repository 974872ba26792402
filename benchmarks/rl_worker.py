"""One measurement in a process of its own: `python -m benchmarks.rl_worker TASK`, a `Task` as JSON; its last line is the result.

One trainer, one allocator, one set of caches a process: neither side finds what the other has left behind.
"""

import json
import statistics
import sys
from pathlib import Path
from typing import Any

from benchmarks import rl_ours, rl_stock
from benchmarks.rl_clock import Clock, Ticks
from benchmarks.rl_problems import score
from benchmarks.rl_task import Task
from openqwq.generate import Sample
from openqwq.generate.transformers_engine import TransformersSampler
from openqwq.train.rollouts import Group, Rollout
from openqwq.verify import VerifierPool

WORKERS = 2  # of the verifier pool, on both sides


def main() -> int:
    """Carries the task out; returns the exit code."""
    task = Task(**json.loads(sys.argv[1]))
    with VerifierPool(WORKERS) as verifiers:
        print(json.dumps({"store": store, "stored": stored, "train": train}[task.kind](task, verifiers)))
    return 0


def store(task: Task, verifiers: VerifierPool) -> dict[str, Any]:
    """Makes one step's live groups and writes them to the task's file."""
    sampler = TransformersSampler.load(task.folder, 64, "auto")
    maker = rl_ours.maker(task, sampler, verifiers)
    groups: list[Group] = []
    for step in range(1, 20):
        groups += maker.make(step)
        if len(groups) >= task.groups:
            break
    rows: list[dict[str, Any]] = [
        {
            "problem": rollout.problem,
            "prompt": rollout.prompt,
            "text": rollout.sample.text,
            "token_ids": rollout.sample.token_ids,
            "finish_reason": rollout.sample.finish_reason,
            "logprobs": rollout.sample.logprobs,
            "advantage": rollout.advantage,
        }
        for group in groups[: task.groups]
        for rollout in group
    ]
    Path(task.groups_file).write_text(json.dumps(rows), encoding="utf-8")
    return {"groups": len(groups[: task.groups]), "tokens": sum(len(row["token_ids"]) for row in rows)}


def stored(task: Task, verifiers: VerifierPool) -> dict[str, Any]:
    """Seconds of each optimizer step on the stored groups; a first step, not counted, warms up."""
    rows = json.loads(Path(task.groups_file).read_text(encoding="utf-8"))
    clock = Clock()
    padding: list[float] = []

    def after(step: int) -> bool:
        padding.append(_padding(trainer))
        if step == 1:
            clock.steps.clear()
            clock.parts.clear()
        return step > task.steps

    ticks = Ticks(clock, after)
    trainer: Any
    if task.who == "stock":
        trainer = rl_stock.build(task, clock, verifiers, ticks, rl_stock.StockOnStored)
        trainer.stored = rows
    else:
        trainer = rl_ours.build(task, clock, verifiers, ticks, _groups(rows, task.group_size))
    trainer.train()
    return {"seconds": statistics.median(clock.steps), "steps": clock.steps, "parts": clock.table(), "padding": max(padding)}


def _groups(rows: list[dict[str, Any]], size: int) -> list[Group]:
    made = [
        Rollout(
            row["problem"],
            number % size,
            row["prompt"],
            Sample(row["text"], row["token_ids"], row["finish_reason"], row["logprobs"]),
            advantage=row["advantage"],
        )
        for number, row in enumerate(rows)
    ]
    return [made[start : start + size] for start in range(0, len(made), size)]


def train(task: Task, verifiers: VerifierPool) -> dict[str, Any]:
    """Trains `steps` steps and, with a cap, on until the score has risen or the cap is reached.

    Scores are those of a copy of the weights in our sampler, the same for both sides, and cost the clock nothing.
    """
    clock = Clock()
    timeline: list[tuple[float, int, float]] = []  # seconds of training, steps, score
    after_steps: dict[str, Any] = {}
    padding: list[float] = []
    judge = TransformersSampler.load(task.folder, 64, "auto") if task.cap else None

    def measure(step: int) -> float:
        assert judge is not None
        if step:
            judge.update(trainer.accelerator.unwrap_model(trainer.model).state_dict().items())
        timeline.append((sum(clock.steps), step, score(judge, verifiers, task.samples)))
        print(f"{task.who} seed {task.seed}: {timeline[-1]}", file=sys.stderr, flush=True)
        return timeline[-1][2]

    def after(step: int) -> bool:
        padding.append(_padding(trainer))
        if step == task.steps:
            after_steps.update(seconds=sum(clock.steps), useful=trainer.useful, made=trainer.made, parts=clock.table())
            after_steps.update(padding=max(padding))
        if judge is None:
            return step >= task.steps
        risen = step % task.every == 0 and measure(step) >= timeline[0][2] + task.rise
        return step >= task.steps and (risen or sum(clock.steps) >= task.cap or step == task.most_steps)

    ticks = Ticks(clock, after)
    trainer: Any = (rl_stock if task.who == "stock" else rl_ours).build(task, clock, verifiers, ticks)
    if judge is not None:
        measure(0)
    trainer.train()
    reached = [seconds for seconds, _, value in timeline if value >= timeline[0][2] + task.rise]
    return after_steps | {"timeline": timeline, "reached": reached[0] if reached else None, "trained": sum(clock.steps)}


def _padding(trainer: Any) -> float:
    """Share of the last step's computed positions that held no token; nothing is known of the peer's, which counts as 0."""
    return float(trainer.figures["padding_share"]) if isinstance(trainer, rl_ours.Ours) else 0.0


if __name__ == "__main__":
    sys.exit(main())
