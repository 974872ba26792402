"""Drawing and judging: every benchmark of a plan, chunk by chunk, into the stage's state."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from openqwq.agents.rows import is_agent
from openqwq.config import Execution
from openqwq.config.vllm import VllmConfig
from openqwq.errors import StageFailure
from openqwq.evaluate.kept import Kept
from openqwq.evaluate.samples import draw, judge
from openqwq.evaluate.scores import REWARD
from openqwq.evaluate.work import Evaluation, Plan, Work, seed_of
from openqwq.generate import Sampler
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.verify import VerifierPool

Opener = Callable[[str, Path, int, str, VllmConfig], AbstractContextManager[Sampler]]  # engine, checkpoint, batch, dtype, vllm
Scorer = Callable[[list[tuple[str, str]]], list[float]]  # of (prompt, completion) pairs


def kept(stage: Stage, benchmark: str) -> Kept:
    """Where the samples of a benchmark are kept until they are published."""
    return Kept(stage.state / "samples", benchmark)


def draw_all(
    stage: Stage, what: Evaluation, plan: Plan, execution: Execution, opener: Opener, drawn: Callable[[str], None]
) -> None:
    """Draws what is missing of every benchmark; `drawn(benchmark)` is called for each as soon as it is whole.

    The sampler is opened when something is missing, and closed at the end.
    """
    there = {name: _drawn(stage, name, work) * work.samples for name, work in plan.items()}
    total, done = sum(work.completions for work in plan.values()), sum(there.values())
    if done:
        stage.progress.say(f"resuming: {done} of {total} completions are drawn, fingerprint {stage.fingerprint[:12]}")
    with ExitStack() as stack:
        sampler: Sampler | None = None
        for name, work in plan.items():
            if there[name] < work.completions:
                if sampler is None:
                    how = execution.generation_batch, execution.generation_dtype, execution.vllm
                    sampler = stack.enter_context(opener(execution.engine, what.inputs["model"], *how))
                done = _draw_one(stage, what, name, work, sampler, execution, done, total)
            if not kept(stage, name).whole:
                kept(stage, name).close()
            drawn(name)


def _drawn(stage: Stage, name: str, work: Work) -> int:
    """How many problems of a benchmark are drawn."""
    return len(work.problems) if kept(stage, name).whole else kept(stage, name).drawn()


def _draw_one(
    stage: Stage, what: Evaluation, name: str, work: Work, sampler: Sampler, execution: Execution, done: int, total: int
) -> int:
    """Draws the chunks that are missing; returns how many completions of all are drawn then."""
    store, at, count = kept(stage, name), kept(stage, name).drawn(), len(work.problems)
    together = max(1, execution.saving.evaluate * execution.generation_batch // work.samples)
    length, tokenizer = f"{work.sampling.max_tokens} tokens", None
    if any(map(is_agent, work.problems)):
        length, tokenizer = f"{length} a turn", load_tokenizer(what.inputs["model"])
    stage.progress.say(f"{name}: {count - at} problems × {work.samples}, up to {length}")
    while at < count:
        problems = work.problems[at : at + together]

        def tell(ready: int, _of: int, before: int = done) -> None:
            stage.progress.update("completions", before + ready, total)

        started = time.monotonic()
        how = work.samples, work.sampling, seed_of(stage.seed, name), tell
        rows = draw(sampler, problems, *how, tokenizer, what.config.agents)
        store.add(at, at + len(problems), rows, time.monotonic() - started)
        at, done = at + len(problems), done + len(rows)
    return done


def judge_kept(stage: Stage, name: str, verifiers: VerifierPool) -> None:
    """Gives the kept samples of a benchmark their verdicts, where they have none or an unscorable one."""
    rows = kept(stage, name).rows()
    judged = judge(rows, verifiers)
    if judged != rows:
        kept(stage, name).write(judged)


def reward_all(stage: Stage, plan: Plan, load: Callable[[], Scorer]) -> None:
    """Asks the reward model for its score of every sample that has none; only where a problem has several samples."""
    scorer: Scorer | None = None
    for name, work in plan.items():
        rows = kept(stage, name).rows()
        if work.samples > 1 and any(REWARD not in _rewards(row) for row in rows):
            scorer = scorer or load()
            scores = scorer([(row["prompt"], row["text"]) for row in rows])
            kept(stage, name).write([row | {"rewards": [(REWARD, score)]} for row, score in zip(rows, scores, strict=True)])


def _rewards(row: dict[str, Any]) -> dict[str, float]:
    return dict(row["rewards"] or [])


def bound_unscorable(stage: Stage, name: str, most: float) -> None:
    """Raises `StageFailure` when more than `most` of a benchmark could not be judged: its samples stay, and are judged anew.

    Where there are episodes nothing is kept: what they were judged by is gone, so they are played again.
    """
    rows = kept(stage, name).rows()
    reasons = [row["reason"] for row in rows if row["verdict"] == "unscorable"]
    if len(reasons) > most * len(rows):
        common = max(sorted(set(reasons)), key=reasons.count)
        again, where = "they are judged anew, not drawn anew", f"The samples are kept in {kept(stage, name).path}. "
        if any(map(is_agent, rows)):
            kept(stage, name).forget()
            again, where = "the episodes are played again", ""
        raise StageFailure(
            f"{name}: {len(reasons)} of {len(rows)} completions could not be judged, most often because of {common!r}; "
            f"execution.bounds.unscorable allows {most:.0%}. {where}Mend the cause and start again: {again}."
        )
