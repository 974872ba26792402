"""Drawing and judging: every benchmark of a plan, chunk by chunk, into the stage's state.

Benchmarks that are drawn alike share the engine's batch, and so its calls: one after the other, each would end with its few
longest completions, for which most places of the batch stand empty.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from openqwq.agents.rows import is_agent
from openqwq.config import Execution
from openqwq.config.vllm import VllmConfig
from openqwq.errors import StageFailure
from openqwq.evaluate.kept import Kept
from openqwq.evaluate.samples import draw, draw_mixed, judge
from openqwq.evaluate.scores import REWARD
from openqwq.evaluate.work import Evaluation, Plan, Work, seed_of, together
from openqwq.generate import Sampler
from openqwq.generate.checkpoint import load_tokenizer
from openqwq.stage import Stage
from openqwq.verify import VerifierPool

Opener = Callable[[str, Path, int, str, VllmConfig], AbstractContextManager[Sampler]]  # engine, checkpoint, batch, dtype, vllm
Scorer = Callable[[list[tuple[str, str]]], list[float]]  # of (prompt, completion) pairs


class Piece(NamedTuple):
    """Problems `start` … `stop` − 1 of a benchmark."""

    benchmark: str
    start: int
    stop: int


def kept(stage: Stage, benchmark: str) -> Kept:
    """Where the samples of a benchmark are kept until they are published."""
    return Kept(stage.state / "samples", benchmark)


def draw_all(
    stage: Stage, what: Evaluation, plan: Plan, execution: Execution, opener: Opener, drawn: Callable[[str], None]
) -> None:
    """Draws what is missing of every benchmark; `drawn(benchmark)` is called for each as soon as it is whole.

    The sampler is opened when something is missing, and closed at the end.
    """
    groups = together(plan)
    for names in groups:
        _drop_torn(stage, plan, names)
    total = sum(work.completions for work in plan.values())
    done = sum(_drawn(stage, name, work) * work.samples for name, work in plan.items())
    if done:
        stage.progress.say(f"resuming: {done} of {total} completions are drawn, fingerprint {stage.fingerprint[:12]}")
    with ExitStack() as stack:
        sampler: Sampler | None = None
        for names in groups:
            missing = {name: plan[name].count - _drawn(stage, name, plan[name]) for name in names}
            if any(missing.values()):
                stage.progress.say(_what(plan, missing))
            for name in names:
                while _drawn(stage, name, plan[name]) < plan[name].count:
                    if sampler is None:
                        how = execution.generation_batch, execution.generation_dtype, execution.vllm
                        sampler = stack.enter_context(opener(execution.engine, what.inputs["model"], *how))
                    most = execution.saving.evaluate * execution.generation_batch
                    pieces = _next(stage, plan, [other for other in names if not kept(stage, other).whole], most)
                    done += _draw(stage, what, plan, pieces, sampler, done, total)
                if not kept(stage, name).whole:
                    kept(stage, name).close()
                drawn(name)


def _what(plan: Plan, missing: dict[str, int]) -> str:
    left = {name: problems for name, problems in missing.items() if problems}
    completions, one = sum(problems * plan[name].samples for name, problems in left.items()), plan[next(iter(left))]
    length = f"{one.sampling.max_tokens} tokens{' a turn' if one.episodes else ''}"
    return f"{', '.join(left)}: {completions} completions of {sum(left.values())} problems, up to {length}"


def _drawn(stage: Stage, name: str, work: Work) -> int:
    """How many problems of a benchmark are drawn."""
    return work.count if kept(stage, name).whole else kept(stage, name).drawn()


def _drop_torn(stage: Stage, plan: Plan, names: list[str]) -> None:
    """Drops what a call that was cut off has left of a group: it stands behind the first problem that is missing."""
    missing = False
    for name in names:
        if missing and not kept(stage, name).whole:
            kept(stage, name).begin_again()
        missing = missing or _drawn(stage, name, plan[name]) < plan[name].count


def _next(stage: Stage, plan: Plan, names: list[str], most: int) -> list[Piece]:
    """What one call of the sampler draws: from the first problem of the first benchmark that is missing, `most` completions.

    It goes on with the benchmarks behind, from their beginning.
    """
    pieces: list[Piece] = []
    for name in names:
        work = plan[name]
        start = _drawn(stage, name, work)
        count = min(work.count - start, max(most // work.samples, 0 if pieces else 1))
        if count:
            pieces.append(Piece(name, start, start + count))
        most -= count * work.samples
        if start + count < work.count:
            break
    return pieces


def _draw(stage: Stage, what: Evaluation, plan: Plan, pieces: list[Piece], sampler: Sampler, done: int, total: int) -> int:
    """Draws and keeps the pieces; returns how many completions that are. The first is kept last: where it is, all are."""

    def tell(ready: int, _of: int) -> None:
        stage.progress.update("completions", done + ready, total)

    started, first = time.monotonic(), plan[pieces[0].benchmark]
    asked = [problem for piece in pieces for problem in plan[piece.benchmark].problems[piece.start : piece.stop]]
    if first.episodes:
        tokenizer, seed = load_tokenizer(what.inputs["model"]), seed_of(stage.seed, pieces[0].benchmark)
        rows = draw(sampler, asked, first.samples, first.sampling, seed, tell, tokenizer, what.config.agents)
    else:
        samples = [plan[piece.benchmark].samples for piece in pieces for _ in range(piece.start, piece.stop)]
        seeds = [seed_of(stage.seed, piece.benchmark) for piece in pieces for _ in range(piece.start, piece.stop)]
        rows = [row for one in draw_mixed(sampler, asked, samples, first.sampling, seeds, tell) for row in one]
    seconds, at = time.monotonic() - started, len(rows)
    tokens = sum(row["tokens"] for row in rows)
    for piece in reversed(pieces):
        own = rows[at - (piece.stop - piece.start) * plan[piece.benchmark].samples : at]
        at -= len(own)
        share = sum(row["tokens"] for row in own) / tokens if tokens else len(own) / len(rows)
        kept(stage, piece.benchmark).add(piece.start, piece.stop, own, seconds * share)
    return len(rows)


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
