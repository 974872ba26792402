"""Tokens of prompts and completions, joined the same way in supervised training, reward model and RL."""

import json
from itertools import groupby
from typing import Any

from openqwq.agents.template import between
from openqwq.generate.template import render


def prompt_text(tokenizer: Any, row: dict[str, Any]) -> str:
    """A problem's prompt as the model sees it, ready for the assistant's turn."""
    tools = json.loads(row["tools"]) if row["tools"] else None
    return render(tokenizer, row["messages"], tools)


def encode(tokenizer: Any, prompt: str, completion: str) -> tuple[list[int], list[int]]:
    """Token ids of the prompt and of the completion with its end token.

    They are tokenised apart, as they are when the model itself writes the completion.
    """
    prompt_ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    completion_ids = tokenizer(completion, add_special_tokens=False)["input_ids"]
    return prompt_ids, [*completion_ids, tokenizer.eos_token_id]


def encode_trace(tokenizer: Any, row: dict[str, Any]) -> tuple[list[int], list[bool]]:
    """Token ids of a `TRACE` row, and which of them are learnt: what the model writes, end tokens included.

    Tokenised turn by turn, as an episode is kept: what tools answer and the template puts around it is read, not learnt.
    """
    ids, completion = encode(tokenizer, prompt_text(tokenizer, row), row["completion"])
    learnt = [False] * len(ids)
    for assistant, messages in groupby(row["turns"] or [], key=lambda message: message["role"] == "assistant"):
        said = [message["content"] for message in messages]
        if assistant:
            more = [token for text in said for token in encode(tokenizer, "", text)[1]]
        else:
            more, _ = encode(tokenizer, between(tokenizer, said), "")
        ids, learnt = ids + more, learnt + [assistant] * len(more)
    return ids + completion, learnt + [True] * len(completion)
