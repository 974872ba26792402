"""The largest or smallest of several numbers, found pair by pair: of `31, 7 and 54`, `31 > 7` and `31 < 54`, so 54."""

from typing import Any


def write(metadata: dict[str, Any]) -> str:
    """One line a comparison of the best number so far with the next; then the best."""
    first, *rest = (f"{float(number):g}" for number in metadata["original_numbers"])
    largest = metadata["direction"] == "ascending"
    best = first
    lines = []
    for number in rest:
        left, right = float(best), float(number)
        lines.append(f"{best} {'<' if left < right else '>' if left > right else '='} {number}")
        if left < right if largest else left > right:
            best = number
        lines[-1] += f", so {best}"
    return "\n".join(lines)
