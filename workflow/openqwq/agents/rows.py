"""What the tables keep of an episode (`COMPLETION`)."""

from typing import Any

from openqwq.agents.episode import Episode

VERIFIER = "environment"  # of problems that are judged by an episode, not by a completion


def is_agent(problem: dict[str, Any]) -> bool:
    """Whether a row of the PROBLEM shape is solved in an environment."""
    return bool(problem["verifier"] == VERIFIER)


def finish_reason(episode: Episode) -> str:
    """`stop` for an episode that ended with an answer, as for a completion that ended by itself; else what cut it."""
    return "stop" if episode.finish == "answer" else episode.finish


def written(episode: Episode) -> int:
    """Tokens that the model wrote."""
    return sum(len(segment.token_ids) for segment in episode.segments if segment.trained)


def turns_of(episode: Episode) -> list[str]:
    """What the model wrote, turn by turn, without end tokens."""
    said = episode.messages[len(episode.problem["messages"]) :]
    return [message["content"] for message in said if message["role"] == "assistant"]


def columns(episode: Episode | None) -> dict[str, int | None]:
    """The columns that only episodes fill."""
    if episode is None:
        return {"turns": None, "calls": None, "failed_calls": None}
    return {"turns": episode.turns, "calls": episode.calls, "failed_calls": episode.failed_calls}


def row(episode: Episode) -> dict[str, Any]:
    """A judged episode as a `COMPLETION` row."""
    problem, verdict = episode.problem, episode.verdict
    return {
        "problem_id": problem["id"],
        "domain": problem["domain"],
        "sample": episode.number,
        "prompt": episode.prompt,
        "text": episode.text,
        "tokens": written(episode),
        "finish_reason": finish_reason(episode),
        "verifier": problem["verifier"],
        "reference": problem["reference"],
        "verdict": verdict.outcome if verdict else None,
        "score": verdict.score if verdict else None,
        "reason": verdict.reason if verdict else None,
        "rewards": [],
        "seconds": episode.seconds,
    } | columns(episode)
