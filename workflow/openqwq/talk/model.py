"""A model that answers piece by piece, and can be stopped in the middle."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from openqwq.errors import UserError
from openqwq.generate.checkpoint import load_model, load_tokenizer
from openqwq.generate.template import render
from openqwq.talk.thinking import OPEN


class Leaving(KeyboardInterrupt):
    """A second Ctrl-C, while the answer that the first one stopped computes its last token."""


class TalkingModel:
    """`messages` are chat messages as the template takes them; sampling is that of the folder's `generation_config.json`."""

    def __init__(self, model: Any, tokenizer: Any, max_tokens: int) -> None:
        self.model, self.tokenizer, self.max_tokens = model.eval(), tokenizer, max_tokens
        self.tokens, self.seconds = 0, 0.0  # of the last answer
        self.cut = False  # whether the limit of tokens ended it
        self._stop = threading.Event()

    @classmethod
    def load(cls, folder: Path, dtype: str | None, max_tokens: int) -> "TalkingModel":
        """From a model folder, on the GPU where there is one. `dtype` None: bfloat16 there, float32 on a CPU."""
        import torch

        try:
            tokenizer = load_tokenizer(folder)
            model = load_model(folder, dtype or ("bfloat16" if torch.cuda.is_available() else "float32"))
        except UserError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())[:300] or type(error).__name__
            raise UserError(f"{folder}: the model could not be loaded ({said}). Check the folder, and the memory.") from error
        return cls(model, tokenizer, max_tokens)

    def stop(self) -> None:
        """Ends the answer after the token that is being computed."""
        self._stop.set()

    def answer(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> Iterator[str]:
        """The answer's text, without the end token, and with the mark that opens its thinking also where that stands in the
        prompt. Raises `UserError` where it finds no room, the template refuses the messages, or computing fails."""
        from transformers import StoppingCriteriaList, TextIteratorStreamer

        prompt = _rendered(self.tokenizer, messages, tools)
        inputs = self.tokenizer(prompt, add_special_tokens=False, return_tensors="pt")
        inputs = inputs.to(self.model.device)
        used = inputs["input_ids"].shape[1]
        most = getattr(self.model.config, "max_position_embeddings", None) or used + self.max_tokens
        if used >= most:
            raise UserError(f"the conversation has {used} tokens, and the model reads {most}. /reset begins a new one")

        def asked(*_: Any, **__: Any) -> bool:
            self.tokens += 1
            return self._stop.is_set()

        self._stop.clear()
        self.tokens, self.cut, started = 0, False, time.monotonic()
        room = min(self.max_tokens, most - used)
        streamer = TextIteratorStreamer(self.tokenizer, skip_prompt=True, skip_special_tokens=False)
        failed: list[BaseException] = []
        settings = {
            **inputs, "streamer": streamer, "max_new_tokens": room, "stopping_criteria": StoppingCriteriaList([asked]),
        }  # fmt: skip

        def work() -> None:
            try:
                self.model.generate(**settings)
            except BaseException as error:  # noqa: BLE001  raised again in the thread that reads
                failed.append(error)
                streamer.end()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            if prompt.rstrip().endswith(OPEN):  # the template has opened the thinking, as QwQ's does
                yield f"{OPEN}\n"
            yield from self._without_ends(streamer)
        finally:
            self._stop.set()
            try:
                thread.join()
            except KeyboardInterrupt as again:
                raise Leaving from again
            self.seconds = time.monotonic() - started
            self.cut = self.tokens >= room
        if failed and isinstance(failed[0], RuntimeError):  # no memory left; probabilities that are none
            said = " ".join(str(failed[0]).split())[:300]
            raise UserError(f"the model could not go on ({said}). /reset begins anew") from failed[0]
        if failed:
            raise failed[0]

    def _without_ends(self, pieces: Iterator[str]) -> Iterator[str]:
        ends = self.model.generation_config.eos_token_id
        ends = [ends] if isinstance(ends, int) else list(ends or [])
        texts = {self.tokenizer.eos_token, *self.tokenizer.convert_ids_to_tokens(ends)}
        for piece in pieces:
            for text in texts:
                piece = piece.replace(text, "")
            if piece:
                yield piece


def _rendered(tokenizer: Any, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> str:
    from jinja2 import TemplateError

    try:
        return render(tokenizer, messages, tools)
    except TemplateError as error:
        said = " ".join(str(error).split())[:300] or type(error).__name__
        first = messages[0]["role"] == "system" if messages else False
        remedy = "/system alone leaves the system message out, /reset begins anew" if first else "/reset begins a new one"
        remedy += "; --tools needs a template that names them" if tools else ""
        raise UserError(f"the model's chat template does not take this conversation ({said}). {remedy}") from error
