"""Prompts that fit into a model's context together with what is to be written."""

from collections.abc import Sequence

from openqwq.errors import UserError
from openqwq.generate.prompts import Prompt


def require_room(prompts: Sequence[Prompt], tokens: Sequence[Sequence[int]], max_tokens: int, limit: int | None) -> None:
    """Raises `UserError` for the first prompt whose tokens and `max_tokens` new ones exceed `limit` (None: no limit)."""
    for prompt, ids in zip(prompts, tokens, strict=True):
        if limit is not None and len(ids) + max_tokens > limit:
            raise UserError(
                f"a prompt of {len(ids)} tokens and {max_tokens} new ones exceed the model's context of {limit}: "
                f"lower max_tokens, or drop the problem that begins {prompt[:80]!r}."
            )
