"""The registry of reasoning-gym tasks: where each stands in the package, and how we word it. One line a task."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Entry = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """`word` makes (question, answer) of the package's entry."""

    module: str
    word: Callable[[Entry], tuple[str, str]]


def _compute(entry: Entry) -> tuple[str, str]:
    return f"Compute {entry['metadata']['expression']}.", entry["answer"]


def _numbers(entry: Entry) -> str:
    *first, last = (str(number) for number in entry["metadata"]["numbers"])
    return f"{', '.join(first)} and {last}"


def _extreme(entry: Entry) -> tuple[str, str]:
    # Asked for the end of the sorted row alone: a verifier of values does not judge the order of a list.
    *first, last = (f"{float(number):g}" for number in entry["metadata"]["original_numbers"])
    which = "largest" if entry["metadata"]["direction"] == "ascending" else "smallest"
    return f"Which of {', '.join(first)} and {last} is the {which}?", f"{float(entry['metadata']['sorted_numbers'][-1]):g}"


def _gcd(entry: Entry) -> tuple[str, str]:
    return f"Find the greatest common divisor of {_numbers(entry)}.", entry["answer"]


def _lcm(entry: Entry) -> tuple[str, str]:
    return f"Find the least common multiple of {_numbers(entry)}.", entry["answer"]


def _fraction(entry: Entry) -> tuple[str, str]:
    # Asked for one number: a verifier of values cannot tell a reduced fraction from the one in the question.
    fraction = f"{entry['metadata']['numerator']}/{entry['metadata']['denominator']}"
    return f"Write {fraction} in lowest terms. What is its denominator?", str(entry["metadata"]["simplified_denominator"])


def _equation(entry: Entry) -> tuple[str, str]:
    return f"Solve for {entry['metadata']['variable']}: {entry['metadata']['equation']}", entry["answer"]


TASKS: dict[str, Task] = {
    "chain_sum": Task("arithmetic.chain_sum", _compute),
    "products": Task("arithmetic.products", _compute),
    "basic_arithmetic": Task("arithmetic.basic_arithmetic", _compute),
    "gcd": Task("arithmetic.gcd", _gcd),
    "lcm": Task("arithmetic.lcm", _lcm),
    "fraction_simplification": Task("arithmetic.fraction_simplification", _fraction),
    "number_sorting": Task("algorithmic.number_sorting", _extreme),
    "simple_equations": Task("algebra.simple_equations", _equation),
}
