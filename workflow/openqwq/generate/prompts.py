"""Prompts as samplers take them: rendered text, or the tokens themselves where a text must not be read anew."""

from collections.abc import Sequence
from typing import Any

Prompt = str | Sequence[int]


def token_ids(tokenizer: Any, prompt: Prompt) -> list[int]:
    """The tokens of a prompt; special tokens are those that stand in it."""
    return list(tokenizer(prompt, add_special_tokens=False)["input_ids"]) if isinstance(prompt, str) else list(prompt)


def key(prompt: Prompt) -> str:
    """What a prompt's noise is derived from."""
    return prompt if isinstance(prompt, str) else "\x00" + " ".join(map(str, prompt))


def one_each(value: int | Sequence[int], prompts: Sequence[Prompt], what: str) -> Sequence[int]:
    """One number a prompt, where `value` is that or one for all. Raises `ValueError` for another number of them."""
    values = [value] * len(prompts) if isinstance(value, int) else value
    if len(values) != len(prompts):
        raise ValueError(f"{len(values)} {what} for {len(prompts)} prompts")
    return values
