"""Completions of one prompt in one sequence: the prompt is read once for the whole group.

    row        p0 p1 | p2 a0 a1 | p2 b0 b1 b2
    position   0  1    2  3  4    2  3  4  5
    sees       the row's first block, and its own

Stock training repeats the prompt for each of the G completions: G · (P + C) tokens where P + G · (C + 1) do. The last prompt
token stands again before each completion, because its output scores the completion's first token. The mask keeps the blocks
apart, and positions count as if each stood alone, so log-probabilities and gradients are those of separate sequences
(prefix sharing; the mask is that of tree attention, arXiv 2305.09781, section 4.2).
"""

from dataclasses import dataclass
from itertools import groupby

import torch

MAX_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows of shared prompts. `ids`, `positions`, `labels` are (R, L); `mask` is (R, 1, L, L), True where a token is seen."""

    ids: torch.Tensor
    positions: torch.Tensor
    labels: torch.Tensor  # -100 where nothing is scored
    mask: torch.Tensor
    spans: list[tuple[int, int, int]]  # of each completion, in order: row, where its tokens begin, how many there are


def pack(
    prompts: list[list[int]],
    completions: list[list[int]],
    padding: int,
    device: torch.device,
    scored: list[list[bool]] | None = None,
) -> Packed:
    """Packs completions whose prompts are equal and stand next to one another. No prompt may be empty.

    `scored` says of each completion's tokens whether it has a label; without it, all have.

    A row takes completions up to `MAX_TOKENS` (the mask grows with the square of its length), and at least one.
    """
    rows: list[tuple[list[int], list[int], list[int], list[int]]] = []  # ids, positions, labels, blocks
    spans = []
    labelled = [
        completion if scored is None else [token if wanted else -100 for token, wanted in zip(completion, scored[i], strict=True)]
        for i, completion in enumerate(completions)
    ]
    members_of = zip(map(tuple, prompts), completions, labelled, strict=True)
    for prompt, members in groupby(members_of, key=lambda member: member[0]):
        shared = list(prompt[:-1])
        row: tuple[list[int], list[int], list[int], list[int]] | None = None
        for number, (_, completion, targets) in enumerate(members, 1):
            if row is None or len(row[0]) + 1 + len(completion) > MAX_TOKENS:
                row = ([*shared], list(range(len(shared))), [-100] * len(shared), [0] * len(shared))
                rows.append(row)
            ids, positions, labels, blocks = row
            ids += [prompt[-1], *completion]
            spans.append((len(rows) - 1, len(ids) - len(completion), len(completion)))
            positions += range(len(shared), len(shared) + 1 + len(completion))
            labels += [-100, *targets]
            blocks += [number] * (1 + len(completion))
    width = max(len(row[0]) for row in rows)

    def tensor(column: int, filler: int) -> torch.Tensor:
        return torch.tensor([row[column] + [filler] * (width - len(row[0])) for row in rows], device=device)

    block = tensor(3, -1)
    earlier = torch.ones(width, width, dtype=torch.bool, device=device).tril()
    seen = (block.unsqueeze(1) == 0) | (block.unsqueeze(1) == block.unsqueeze(2))  # (R, query, key)
    return Packed(tensor(0, padding), tensor(1, 0), tensor(2, -100), (seen & earlier).unsqueeze(1), spans)


def unpack(values: torch.Tensor, packed: Packed, width: int) -> torch.Tensor:
    """(R, L − 1) figures, each of the token after its position, as (B, width), zero beyond a completion's end."""
    rows = [torch.nn.functional.pad(values[r, at - 1 : at - 1 + n], (0, width - n)) for r, at, n in packed.spans]
    return torch.stack(rows)


def spread(values: torch.Tensor, packed: Packed, width: int) -> torch.Tensor:
    """(N,) figures of the scored tokens alone, in their order, as (B, width), zero where nothing is scored."""
    given = unpack(packed.labels[:, 1:] != -100, packed, width)
    return values.new_zeros(given.shape).masked_scatter(given, values)
