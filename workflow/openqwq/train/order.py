"""The order in which supervised training sees its rows: decided beforehand, so that a resumed run sees the same."""

import random
from collections.abc import Sequence

WINDOW = 8  # batches whose rows are sorted by length together: less padding, while batches stay mixed


def filled(rows: list[dict[str, list[int]]], multiple: int) -> list[dict[str, list[int]]]:
    """The rows, and as many more as make their number a multiple: a copy of the shortest with no token to be learnt.

    Several processes take equal numbers of rows. Left to itself, the loader evens them out with rows that count twice.
    """
    shortest = min(rows, key=lambda row: len(row["input_ids"]))
    blank = shortest | {"completion_mask": [0] * len(shortest["input_ids"])}
    return [*rows, *[blank] * (-len(rows) % multiple)]


def training_order(lengths: Sequence[int], batch: int, epochs: int, seed: int) -> list[int]:
    """Row numbers of all epochs, one after the other; `lengths` are in tokens, `batch` in rows.

    Each epoch is shuffled, cut into windows whose rows are sorted by length and dealt into batches, and the batches are
    shuffled. The trainer then reads it in sequence: its own length-grouping draws on a random state that a resume changes.
    """
    order: list[int] = []
    for epoch in range(epochs):
        generator = random.Random(f"{seed}/{epoch}")
        rows = list(range(len(lengths)))
        generator.shuffle(rows)
        batches = []
        for start in range(0, len(rows), WINDOW * batch):
            window = sorted(rows[start : start + WINDOW * batch], key=lambda row: lengths[row])
            batches += [window[i : i + batch] for i in range(0, len(window), batch)]
        generator.shuffle(batches)
        order += [row for one in batches for row in one]
    return order
