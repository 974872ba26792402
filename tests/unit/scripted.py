"""A sampler whose words are known: it says what a function of the conversation so far tells it to."""

import json
from collections.abc import Callable

from openqwq.generate import Sample
from openqwq.generate.prompts import one_each, token_ids
from openqwq.generate.template import render

OPENING = "<|im_start|>assistant\n"


class Scripted:
    """`say(context, number)` is the next completion behind the text `context`; an ellipsis at its end: it was cut there."""

    def __init__(self, tokenizer, say: Callable[[str, int], str]) -> None:
        self.tokenizer, self.say = tokenizer, say
        self.asked: list[str] = []

    def render(self, messages, tools):
        return render(self.tokenizer, messages, tools)

    def sample(self, prompts, samples, sampling, seed, progress=None, on_prompt=None):
        counts, drawn = one_each(samples, prompts, "numbers of samples"), []
        for index, prompt in enumerate(prompts):
            context = self.tokenizer.decode(token_ids(self.tokenizer, prompt))
            self.asked.append(context)
            drawn.append([self._sample(self.say(context, number)) for number in range(counts[index])])
            if on_prompt:
                on_prompt(index, drawn[-1])
        if progress:
            progress(sum(counts), sum(counts))
        return drawn

    def _sample(self, text):
        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        cut = text.endswith("…")
        ids = ids if cut else [*ids, self.tokenizer.eos_token_id]
        return Sample(text, ids, "length" if cut else "stop", [-1.0] * len(ids))

    def update(self, tensors):
        for _ in tensors:
            pass

    def sleep(self):
        pass


def turn_of(context: str) -> int:
    """How many turns the model has had in a conversation that waits for the next."""
    return context.count(OPENING) - 1


def call(name: str, /, thinking: str = "I need the tool.", **arguments) -> str:
    """A turn that calls one tool; its arguments by name."""
    return f"<think>\n{thinking}\n</think>\n\n<tool_call>\n{json.dumps({'name': name, 'arguments': arguments})}\n</tool_call>"


def answer(text: str) -> str:
    """A turn that ends an episode."""
    return f"<think>\nI know it now.\n</think>\n\n{text}"
