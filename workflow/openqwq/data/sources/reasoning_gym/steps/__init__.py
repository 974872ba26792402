"""Worked steps for traces, one task a file. A writer gets the package's metadata of a problem and returns the thinking."""

from collections.abc import Callable
from typing import Any

from openqwq.data.sources.reasoning_gym.steps import chain_sum, gcd, number_sorting, products

WRITERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "chain_sum": chain_sum.write,
    "gcd": gcd.write,
    "number_sorting": number_sorting.write,
    "products": products.write,
}
