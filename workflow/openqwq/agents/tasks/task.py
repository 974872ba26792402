"""A task of an environment, and the policy that is known to solve it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from openqwq.agents.replay import Policy

Split = Literal["train", "eval"]
Expert = Policy  # its turns have thinking
PATIENCE = 2000  # draws in a row that bring nothing new, after which a generator counts as exhausted


@dataclass(frozen=True)
class Task:
    """What the model is asked, what its environment starts from and is scored by, and how it can be done.

    `key` says what makes it this task and no other, wording aside; its hash decides the split. `level` counts from 1, the
    least number of calls it takes but for levels that are harder in another way.
    """

    key: str
    prompt: str
    task: dict[str, Any]
    level: int
    expert: Callable[[Random], Expert]


def split_of(key: str) -> Split:
    """Half of all keys are of each split, so what one may draw the other never can."""
    return "eval" if hashlib.sha256(key.encode()).digest()[0] & 1 else "train"


def distinct(draw: Callable[[Random], Task], rng: Random, split: Split) -> Iterator[Task]:
    """Tasks of one split with different keys and prompts, until there are no new ones."""
    seen: set[str] = set()
    idle = 0
    while idle < PATIENCE:
        task = draw(rng)
        if split_of(task.key) != split or task.key in seen or task.prompt in seen:
            idle += 1
            continue
        idle = 0
        seen |= {task.key, task.prompt}
        yield task


def worded(thinking: str, voice: Random) -> str:
    """One of the wordings that a thought lists between bars."""
    return voice.choice(thinking.split("|"))


def turn(thinking: str, *calls: tuple[str, dict[str, Any]], answer: str = "") -> str:
    """A turn as traces have it: thinking, then calls in the Hermes form or the answer."""
    blocks = [
        "<tool_call>\n" + json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False) + "\n</tool_call>"
        for name, arguments in calls
    ]
    return f"<think>\n{thinking}\n</think>\n\n" + "\n".join([*([answer] if answer else []), *blocks])
