"""Benchmarks whose problems offer options, one of them right."""

import random
from typing import Any

from openqwq.evaluate.benchmarks.row import problem

ASK = "\n\nPlease reason step by step, and put the letter of your answer within \\boxed{}."


def choice_problem(
    source: str, question: str, options: list[str], right: int, metadata: dict[str, Any], shuffle: str | None = None
) -> dict[str, Any]:
    """A row for the verifier `choice`; `right` is the number of the right option, from 0.

    `shuffle`, a text that names the problem, seeds an order of the options of its own: the same in every run and for every
    model, whatever other problems there are.
    """
    order = list(range(len(options)))
    if shuffle is not None:
        random.Random(f"{source}/{shuffle}").shuffle(order)
    shown = [options[number] for number in order]
    letters = [chr(ord("A") + number) for number in range(len(options))]
    listed = "\n".join(f"{letter}) {text}" for letter, text in zip(letters, shown, strict=True))
    return problem(
        source=source,
        domain="knowledge",
        prompt=f"{question.strip()}\n\n{listed}{ASK}",
        verifier="choice",
        reference={"answer": letters[order.index(right)], "options": shown},
        metadata=metadata,
    )
