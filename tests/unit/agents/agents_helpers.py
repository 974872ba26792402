"""Problems of every environment, and a sampler that says what a test wants."""

import json
from collections.abc import Callable
from itertools import islice
from random import Random
from typing import Any

from openqwq.agents.environment import tool_schemas
from openqwq.agents.registry import ENVIRONMENTS, find
from openqwq.agents.tasks import TASKS
from openqwq.agents.tasks.task import Task, distinct
from openqwq.generate import Sample
from openqwq.generate.template import render


def tasks(name: str, count: int, split: str = "train", seed: int = 1) -> list[Task]:
    return list(islice(distinct(TASKS[name], Random(seed), split), count))


def problem(name: str, task: Task | dict[str, Any], prompt: str = "Do it.", number: int = 0) -> dict[str, Any]:
    """A row as far as environments and episodes read it."""
    if isinstance(task, Task):
        prompt, task = task.prompt, task.task
    return {
        "id": f"{name}{number}",
        "domain": "agent",
        "messages": [{"role": "user", "content": prompt}],
        "tools": json.dumps(tool_schemas(ENVIRONMENTS[name])),
        "verifier": "environment",
        "reference": json.dumps({"environment": name, "task": task}),
    }


def call(name: str, **arguments: Any) -> str:
    return f"<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


class Scripted:
    """A sampler whose turns are `say(prompt text, seed)`; it keeps what it was asked. Cut at `max_tokens`, as real ones."""

    def __init__(self, tokenizer: Any, say: Callable[[str, int], str]) -> None:
        self.tokenizer, self.say = tokenizer, say
        self.asked: list[tuple[list[int], int]] = []

    def render(self, messages, tools):
        return render(self.tokenizer, messages, tools)

    def sample(self, prompts, samples, sampling, seed, progress=None, on_prompt=None):
        assert samples == 1
        self.asked += zip(prompts, seed, strict=True)
        return [[self._drawn(ids, own, sampling.max_tokens)] for ids, own in zip(prompts, seed, strict=True)]

    def _drawn(self, ids, seed, most):
        text = self.say(self.tokenizer.decode(ids), seed)
        tokens = [*self.tokenizer(text, add_special_tokens=False)["input_ids"], self.tokenizer.eos_token_id]
        if len(tokens) > most:
            return Sample(self.tokenizer.decode(tokens[:most]), tokens[:most], "length", [-1.0] * most)
        return Sample(text, tokens, "stop", [-1.0] * len(tokens))


def answers_in(prompt: str) -> int:
    """How many tool responses a prompt's text has."""
    return prompt.count("<tool_response>")


def made(name, task, seconds=10.0):
    environment = find(name)(seconds)
    environment.reset(**problem(name, task))
    return environment
