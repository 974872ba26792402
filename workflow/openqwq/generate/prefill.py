"""Reading prompts: the beginning that several of them have in common is read once for all that enter the batch together.

Prompts of one task share much of their text (a system prompt, the tools on offer), and reading it again for each is most of
the work that a short completion costs. Servers keep such beginnings between requests (RadixAttention, arXiv 2312.07104; vLLM's
prefix cache); here the prompts that enter together are put into groups, each with one beginning, and read in two passes.
"""

import inspect
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import Cache

from openqwq.generate.cache import RowCache

LEAST_SHARE = 0.5  # of the longest prompt of a group that its beginning must be
LEAST_SAVED = 0.2  # of what is computed, padding included; below it a second pass costs more than it spares

Tokens = tuple[int, ...]


def read_prompts(model: Any, padding: int, prompts: Sequence[Tokens], cache: Cache) -> tuple[torch.Tensor, torch.Tensor]:
    """Puts distinct prompts into an empty cache (N rows, padded on their left): its mask (N, L), the logits behind each (N, V).

    In two passes where the cache and the model allow it and it pays. The cache is up to half as wide again in between.
    """
    begun = beginnings(prompts)
    heads = {head: number for number, head in enumerate(dict.fromkeys(begun))}
    rests = [prompt[len(head) :] for prompt, head in zip(prompts, begun, strict=True)]
    pays = _places(list(heads)) + _places(rests) <= (1 - LEAST_SAVED) * _places(prompts)
    if not (pays and isinstance(cache, RowCache) and columns_may_move(model)):
        ids, mask = padded(prompts, padding, model.device)
        return mask, read(model, ids, mask, cache)
    ids, mask = padded(list(heads), padding, model.device)
    read(model, ids, mask, cache)
    which = torch.tensor([heads[head] for head in begun], device=model.device)
    cache.batch_select_indices(which)
    ids, rest = padded(rests, padding, model.device)
    mask = torch.cat([mask[which], rest], dim=1)
    logits = read(model, ids, mask, cache)
    # Padding now lies before both parts of a row; all of it goes to the left.
    columns = mask.to(torch.int8).argsort(dim=1, stable=True)[:, -max(map(len, prompts)) :]
    cache.take_columns(columns)
    return mask.gather(1, columns), logits


def columns_may_move(model: Any) -> bool:
    """Whether a key's place in its row means nothing, because positions are told to the model.

    No bias counts columns, and no rotary frequency follows the longest position of a pass.
    """
    config = model.config.get_text_config(decoder=True)
    told = "position_ids" in inspect.signature(type(model).forward).parameters and not getattr(config, "alibi", False)
    rotary = getattr(config, "rope_parameters", None) or {}
    return told and rotary.get("rope_type") not in ("dynamic", "longrope")


def beginnings(prompts: Sequence[Tokens]) -> list[Tokens]:
    """For each prompt the tokens that the first pass reads: what its group has in common, and never the whole prompt.

    A prompt that shares too little stands alone, and all but its last token are read first.
    """
    order = sorted(range(len(prompts)), key=lambda i: prompts[i])
    found: list[Tokens] = [()] * len(prompts)
    group: list[int] = []
    shared: Tokens = ()
    for i in order:
        both = tuple(mine for mine, _ in takewhile(_equal, zip(shared, prompts[i][:-1], strict=False)))
        longest = max(len(prompts[j]) for j in [*group, i])
        # Who joins saves the reading of `both` and makes all others read again what they no longer have in common.
        pays = len(both) > (len(group) - 1) * (len(shared) - len(both))
        if not group or not pays or len(both) < LEAST_SHARE * longest:
            group, both = [], prompts[i][:-1]
        group, shared = [*group, i], both
        for j in group:
            found[j] = shared
    return found


def _equal(pair: tuple[int, int]) -> bool:
    return pair[0] == pair[1]


def _places(rows: Sequence[Tokens]) -> int:
    """Tokens and padding of these rows."""
    return len(rows) * max(map(len, rows))


def padded(rows: Sequence[Tokens], padding: int, device: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids (N, L) with padding on the left, and the mask of what is no padding."""
    width = max(map(len, rows))
    ids = torch.tensor([[padding] * (width - len(row)) + list(row) for row in rows], device=device)
    mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows], device=device)
    return ids, mask


def read(model: Any, ids: torch.Tensor, mask: torch.Tensor, cache: Any) -> torch.Tensor:
    """Logits behind the last of `ids` (N, L), which come after what the cache holds; `mask` is of both."""
    positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -ids.size(1) :]
    out = model(
        input_ids=ids, attention_mask=mask, position_ids=positions, past_key_values=cache, use_cache=True, logits_to_keep=1
    )
    return out.logits[:, -1]
