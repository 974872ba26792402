"""One benchmark's samples: drawn from the model, judged by the verifiers, kept as `COMPLETION` rows.

Problems of environments are played as episodes, which bring their verdicts along.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from openqwq.agents.episode import AgentLimits
from openqwq.agents.play import play
from openqwq.agents.rows import VERIFIER, columns, is_agent
from openqwq.agents.rows import row as episode_row
from openqwq.config.agents import AgentsConfig
from openqwq.config.train import Sampling
from openqwq.errors import UserError
from openqwq.generate import Sample, Sampler
from openqwq.verify import Item, VerifierPool

Rows = list[dict[str, Any]]


def draw(
    sampler: Sampler,
    problems: Sequence[dict[str, Any]],
    samples: int,
    sampling: Sampling,
    seed: int,
    progress: Callable[[int, int], None] | None,
    tokenizer: Any = None,
    agents: AgentsConfig | None = None,
) -> Rows:
    """`samples` completions of each `PROBLEM` row as `COMPLETION` rows, in the order of the problems; episodes have verdicts.

    `tokenizer` and `agents`, the bounds of episodes (default ones without), are for problems of environments.
    """
    total = len(problems) * samples
    tasks = [at for at, problem in enumerate(problems) if is_agent(problem)]
    others = [at for at, problem in enumerate(problems) if not is_agent(problem)]
    made: dict[int, Rows] = {}
    if tasks:
        limits = AgentLimits(**(agents or AgentsConfig()).model_dump())
        tell = progress and (lambda done, _of: progress(done, total))
        played = play([problems[at] for at in tasks], samples, sampler, tokenizer, sampling, seed, limits, tell)
        made |= {at: list(map(episode_row, episodes)) for at, episodes in zip(tasks, played, strict=True)}
    if others:
        before = len(tasks) * samples
        tell = progress and (lambda done, _of: progress(before + done, total))
        drawn = draw_mixed(sampler, [problems[at] for at in others], samples, sampling, seed, tell)
        made |= dict(zip(others, drawn, strict=True))
    return [one for at in range(len(problems)) for one in made[at]]


def draw_mixed(
    sampler: Sampler,
    problems: Sequence[dict[str, Any]],
    samples: int | Sequence[int],
    sampling: Sampling,
    seed: int | Sequence[int],
    progress: Callable[[int, int], None] | None,
) -> list[Rows]:
    """The `COMPLETION` rows of each problem; `samples` and `seed` are one for all, or one a problem. None is an environment's."""
    prompts = [sampler.render(p["messages"], json.loads(p["tools"]) if p["tools"] else None) for p in problems]
    drawn = sampler.sample(prompts, samples, sampling, seed, progress)
    return [
        [_row(problem, prompt, number, sample) for number, sample in enumerate(completions)]
        for problem, prompt, completions in zip(problems, prompts, drawn, strict=True)
    ]


def _row(problem: dict[str, Any], prompt: str, number: int, sample: Sample) -> dict[str, Any]:
    return {
        "problem_id": problem["id"],
        "domain": problem["domain"],
        "sample": number,
        "prompt": prompt,
        "text": sample.text,
        "tokens": len(sample.token_ids),
        "finish_reason": sample.finish_reason,
        "verifier": problem["verifier"],
        "reference": problem["reference"],
        "verdict": None,
        "score": None,
        "reason": None,
        "rewards": [],
        "seconds": None,
    } | columns(None)


def judge(rows: Rows, verifiers: VerifierPool) -> Rows:
    """The rows with verdicts, for those that have a verifier and could not be scored so far.

    An episode keeps its verdict: the state by which it was judged is gone.
    """
    open_rows = [
        i for i, row in enumerate(rows) if row["verifier"] not in (None, VERIFIER) and row["verdict"] in (None, "unscorable")
    ]
    if not open_rows:
        return rows
    items = [
        Item(f"{row['problem_id']}/{row['sample']}", row["verifier"], row["reference"] or "null", row["text"])
        for row in (rows[i] for i in open_rows)
    ]
    judged = verifiers.judge(items)
    made = list(rows)
    for i, result in zip(open_rows, judged, strict=True):
        verdict = result.verdict
        made[i] = rows[i] | {
            "verdict": verdict.outcome,
            "score": verdict.score,
            "reason": verdict.reason,
            "seconds": result.seconds,
        }
    return made


def not_empty(problems: Sequence[dict[str, Any]], where: str) -> None:
    """Raises `UserError` for a benchmark without problems."""
    if not problems:
        raise UserError(f"{where}: a benchmark without problems. Raise its held_out number or take it out of the configuration.")
