"""What the chat template puts between two turns of the model: the tools' answers and the opening of its next turn."""

from collections.abc import Sequence
from typing import Any

from openqwq.errors import UserError

_BEFORE = [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!"}]


def between(tokenizer: Any, answers: Sequence[str]) -> str:
    """The tools' answers as text from behind the end token of a turn to the first character of the next one, as `appended`."""
    return appended(tokenizer, [{"role": "tool", "content": answer} for answer in answers])


def appended(tokenizer: Any, said: Sequence[dict[str, str]]) -> str:
    """The text that messages behind a turn of the model add, up to the first character of its next one.

    It is cut from a rendered conversation, so it is the template's own. Raises `UserError` for a template that renders earlier
    turns anew when others follow: the model would be trained on another conversation than it saw.
    """
    before = str(tokenizer.apply_chat_template(_BEFORE, tokenize=False))
    after = str(tokenizer.apply_chat_template([*_BEFORE, *said], tokenize=False, add_generation_prompt=True))
    end = before.rfind(tokenizer.eos_token)
    if end < 0 or not after.startswith(before):
        raise UserError(
            "the chat template changes earlier turns when others follow, or does not close a turn with the end token, so "
            "episodes of several turns cannot be kept token by token. Give the model our template: `openqwq import-model`."
        )
    return after[end + len(tokenizer.eos_token) :]


def special_texts(tokenizer: Any) -> frozenset[str]:
    """The texts that this tokenizer reads as one token of a meaning, wherever they stand."""
    return frozenset(token.content for token in tokenizer.added_tokens_decoder.values() if token.special)
