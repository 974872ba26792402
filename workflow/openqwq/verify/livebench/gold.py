"""The ground truth of a task, checked."""

from typing import Any


class UnusableGold(Exception):
    """The ground truth is not what the task's rule needs."""


def text(gold: Any) -> str:
    """Text that is not empty, without white space around it. Raises `UnusableGold`."""
    if not isinstance(gold, str) or not gold.strip():
        raise UnusableGold('no text under "ground_truth"')
    return gold.strip()


def items(gold: Any) -> list[str]:
    """Texts between commas. Raises `UnusableGold` where one is empty."""
    found = [item.strip() for item in text(gold).split(",")]
    if not all(found):
        raise UnusableGold('an item of "ground_truth" is empty')
    return found
