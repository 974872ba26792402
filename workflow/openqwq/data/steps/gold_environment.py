"""The gold of a row whose verifier is `environment`: what is said to solve the task does, and doing nothing does not.

A problem has its solution in `metadata.solution`: a JSON list of turns, which are said one after another to the real
environment. A trace is its own solution, and what it holds as the tools' answers must be what the tools answer.
"""

import json

from openqwq.agents.feedback import LAST_TURN
from openqwq.agents.replay import Replay, replay, spoken
from openqwq.data.rows import Message, Row, metadata_of
from openqwq.data.steps.golds import NoTrial
from openqwq.verify import Verdict

NOTHING = "There is nothing to do."


def verdict(row: Row) -> Verdict:
    """What the environment says of a trace."""
    return _played(row).verdict


def trials(row: Row) -> tuple[Verdict, Verdict]:
    """Of the solution, and of doing nothing. Raises `NoTrial` where there is no solution, or it is not what happens."""
    right = _played(row)
    told = right.verdict.outcome != "unscorable"  # where it is, its own reason says more
    if told and row.get("turns") is not None and _heard(right.messages) != _heard(row["turns"]):
        raise NoTrial("the tools' answers in the trace are not what the environment answers")
    return right.verdict, replay(row, spoken([NOTHING])).verdict


def _played(row: Row) -> Replay:
    return replay(row, spoken(_turns(row)))


def _turns(row: Row) -> list[str]:
    if "completion" in row:
        before = [turn["content"] for turn in row.get("turns") or [] if turn["role"] == "assistant"]
        return [*before, row["completion"]]
    solution = metadata_of(row).get("solution")
    try:
        turns = json.loads(solution) if isinstance(solution, str) else None
    except ValueError:
        turns = None
    if not isinstance(turns, list) or not turns or not all(isinstance(turn, str) for turn in turns):
        raise NoTrial("no reference solution: map a JSON list of turns to metadata.solution")
    return turns


def _heard(messages: list[Message]) -> list[str]:
    """The tools' answers, without what a stage says behind the last of them."""
    heard = [message["content"] for message in messages if message["role"] == "tool"]
    return [*heard[:-1], *(last.removesuffix(LAST_TURN) for last in heard[-1:])]
