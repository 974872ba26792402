"""A conversation: its messages, the tools it may use, and a record of it."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from openqwq.agents.calls import carry_out, read_turn
from openqwq.agents.environment import Environment, ToolBroken, tool_schemas
from openqwq.agents.template import special_texts
from openqwq.artifacts.files import write_json
from openqwq.errors import UserError
from openqwq.sandbox import SandboxBroken
from openqwq.talk.screen import Screen
from openqwq.verify.code import sandboxes

MAX_TURNS = 8  # of the model, for one question
FEEDBACK = 4000  # characters of a tool's answer


class Talker(Protocol):
    """What a conversation needs of a model; `TalkingModel` is one."""

    tokenizer: Any

    def answer(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None) -> Any:
        """Pieces of text."""


class Conversation:
    """`messages` keep every text whole; the chat template leaves the thinking of earlier turns out when it renders them."""

    def __init__(self, model: Talker, screen: Screen, system: str | None, tool: Environment | None) -> None:
        self.model, self.screen, self.system, self.tool = model, screen, system, tool
        self.messages: list[dict[str, Any]] = []
        self.reset()

    def reset(self) -> None:
        """Begins anew, with the system message."""
        self.messages = [{"role": "system", "content": self.system}] if self.system else []

    def ask(self, question: str) -> None:
        """Shows the answer to a question, tools included. What was not answered is not kept: a Ctrl-C, a full context."""
        before = len(self.messages)
        self.messages.append({"role": "user", "content": question})
        try:
            self._answer()
        except SandboxBroken as error:
            del self.messages[before:]
            raise UserError(f"the sandbox cannot run programs ({error}); `openqwq doctor` looks why") from error
        except ToolBroken as error:
            del self.messages[before:]
            raise UserError(f"a tool failed: {error}") from error
        except BaseException:
            sandboxes.discard()  # a program may have been interrupted in it: its output is not the next one's
            del self.messages[before:]
            raise

    def _answer(self) -> None:
        schemas = tool_schemas(type(self.tool)) if self.tool else None
        for _ in range(MAX_TURNS):
            with closing(self.model.answer(self.messages, schemas)) as pieces:  # a Ctrl-C ends the work behind it, too
                text = self.screen.show(pieces)
            self.messages.append({"role": "assistant", "content": text})
            calls = read_turn(text) if self.tool else None
            if self.tool is None or not calls:
                return
            answers = carry_out(calls, self.tool, FEEDBACK, special_texts(self.model.tokenizer))
            for answer in answers.texts:
                self.screen.note(f"[{self.tool.name}] {answer}")
                self.messages.append({"role": "tool", "content": answer})
        self.screen.note(f"[stopped after {MAX_TURNS} turns with tools]")

    def save(self, path: Path) -> None:
        """Writes the messages as JSON. Raises `UserError` where a file of that name exists."""
        if path.exists():
            raise UserError(f"{path} exists already. Give another name")
        write_json(path, {"messages": self.messages})


def opened(name: str | None) -> Environment | None:
    """The tools of that name, ready to be called. Raises `UserError` where code cannot be isolated here."""
    if name is None:
        return None
    from openqwq.agents.environments.python import Python

    environment = Python()
    environment.reset(reference=json.dumps({"environment": "python", "task": {"answer": "0"}}))  # nothing is scored here
    return environment
