"""Tasks for agents, each solved by the policy that is known for it. What one `split` may draw, the other never can."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any, get_args

from openqwq.agents.environment import tool_schemas
from openqwq.agents.registry import find
from openqwq.agents.replay import Replay, replay
from openqwq.agents.tasks import TASKS
from openqwq.agents.tasks.task import Split, Task, distinct
from openqwq.data.sources.builtin.draft import Draft, ParamError

MAX_LEVEL = 4
PARAMS: dict[str, Any] = {"environments": list(TASKS), "split": "train", "max_level": MAX_LEVEL}


def draw(rng: Random, params: dict[str, Any]) -> Iterator[Draft]:
    """Drafts of each environment in turn, until there are no new ones. Raises `UserError` where there is no sandbox."""
    names, split, most = params["environments"], params["split"], params["max_level"]
    for name in names:
        if name not in TASKS:
            raise ParamError(f"environments: {name!r} is none of {', '.join(TASKS)}")
    if not names:
        raise ParamError("environments: none is named")
    if split not in get_args(Split):
        raise ParamError(f"split: {split!r} is none of {', '.join(get_args(Split))}")
    if not 1 <= most <= MAX_LEVEL:
        raise ParamError(f"max_level: {most} is not from 1 to {MAX_LEVEL}")
    streams = {name: distinct(TASKS[name], Random(rng.getrandbits(64)), split) for name in names}
    voice = Random(rng.getrandbits(64))
    while streams:
        for name, tasks in list(streams.items()):
            task = next((task for task in tasks if task.level <= most), None)
            if task is None:
                del streams[name]
            else:
                yield draft(name, task, voice)


def draft(name: str, task: Task, voice: Random) -> Draft:
    """One task as its policy solves it, with the environment's own answers. `voice` chooses the policy's words."""
    reference = {"environment": name, "task": task.task}
    played = solved(reference, task, voice)
    turns = [message["content"] for message in played.messages if message["role"] == "assistant"]
    return Draft(
        domain="agent",
        prompt=task.prompt,
        verifier="environment",
        reference=reference,
        completion=turns[-1],
        solution=json.dumps(turns, ensure_ascii=False),
        tools=tool_schemas(find(name)),
        turns=played.messages[:-1],
    )


def solved(reference: dict[str, Any], task: Task, voice: Random) -> Replay:
    """The policy's episode; that its verdict is `correct` is checked where rows are, in the step `gold`."""
    return replay({"reference": json.dumps(reference)}, task.expert(voice))
