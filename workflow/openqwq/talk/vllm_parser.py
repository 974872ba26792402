"""vLLM's reasoning parser for thinking between `<think>` and `</think>`, read as text: a plugin that `openqwq serve` hands it.

vLLM's own parsers look for the marks' tokens. Tokenizers such as SmolLM2's and Qwen2.5's write them in several, and a turn
without thinking, a tool call made at once for instance, counts as thinking altogether there. Here it is an answer.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from vllm.entrypoints.generate.base.protocol import DeltaMessage
from vllm.reasoning import ReasoningParser, ReasoningParserManager

from openqwq.talk.thinking import CLOSE, OPEN, Thinking, apart

NAME = "openqwq"
SWITCHES = ("enable_thinking", "thinking")  # by which a request turns a template's thinking on and off
TAIL = 16  # tokens in which a mark and what stands around it fit


@ReasoningParserManager.register_module(NAME)
class TextReasoningParser(ReasoningParser):
    """One a request. The server's takes text apart; the engine's is asked, with token ids alone, when the thinking has ended."""

    def __init__(self, tokenizer: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(tokenizer, *args, **kwargs)
        given = kwargs.get("chat_template_kwargs") or {}
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": "1"}],
            tokenize=False,
            add_generation_prompt=True,
            **{key: given[key] for key in SWITCHES if key in given},
        )
        self._opened = prompt.rstrip().endswith(OPEN)
        self._thinking = Thinking(self._opened)
        self._streams = False
        self._thought: int | None = None

    def extract_reasoning(self, model_output: str, request: Any) -> tuple[str | None, str | None]:  # noqa: ARG002
        """Thinking and answer of a whole completion, None for what there is not."""
        thought, said = apart(model_output, self._opened)
        return thought or None, said or None

    def extract_reasoning_streaming(
        self,
        previous_text: str,  # noqa: ARG002
        current_text: str,  # noqa: ARG002
        delta_text: str,
        previous_token_ids: Sequence[int],  # noqa: ARG002
        current_token_ids: Sequence[int],  # noqa: ARG002
        delta_token_ids: Sequence[int],  # noqa: ARG002
    ) -> DeltaMessage | None:
        """What the next piece adds, None while a mark may have begun in it."""
        self._streams = True
        thought, said = self._thinking.take(delta_text)
        return DeltaMessage(reasoning=thought or None, content=said or None) if thought or said else None

    def get_streaming_fallback_content(self, text: str, request: Any) -> str | None:  # noqa: ARG002
        """vLLM asks for it where a stream ends before an answer began: what was held back of one. Of thinking it asks nothing."""
        return self._thinking.end()[1] or None

    def is_reasoning_end(self, input_ids: Sequence[int]) -> bool:
        """Whether the prompt has closed the thinking that it opened, as templates do whose thinking is turned off."""
        return self._text(input_ids[-TAIL:]).rstrip().endswith(CLOSE)

    def is_reasoning_end_streaming(self, input_ids: Sequence[int], delta_ids: Iterable[int]) -> bool:
        """In the server: whether the answer has begun. In the engine: whether the newest tokens have closed the thinking."""
        if self._streams:
            return self._thinking.phase == "answer"
        return CLOSE in self._text(input_ids[-len(list(delta_ids)) - TAIL :])

    def extract_content_ids(self, input_ids: list[int]) -> list[int]:
        """The tokens behind the thinking; all, where it does not end in them."""
        return input_ids[self._closed(input_ids) :] if CLOSE in self._text(input_ids) else input_ids

    def count_reasoning_tokens(self, token_ids: Sequence[int]) -> int:
        """How many of a completion's tokens are thinking, marks included."""
        if self._thought is not None:
            return self._thought
        thinking = self._thinking if self._streams else Thinking(self._opened)
        if not self._streams:
            thinking.take(self._text(token_ids))
        if thinking.phase == "inside":
            return len(token_ids)
        text = self._text(token_ids)
        if not (self._opened or text.lstrip().startswith(OPEN)):
            return 0
        self._thought = self._closed(token_ids)  # asked again with every piece where a stream tells its usage all along
        return self._thought

    def _closed(self, ids: Sequence[int]) -> int:
        """How many of the tokens it takes until the thinking is closed."""
        return bisect_left(range(len(ids) + 1), True, key=lambda count: CLOSE in self._text(ids[:count]))

    def _text(self, ids: Sequence[int]) -> str:
        return str(self.model_tokenizer.decode(list(ids), skip_special_tokens=False))
