"""One episode as it goes: its environment, and the tokens that its model has seen and written so far."""

import hashlib
import json
import time
from typing import Any

from openqwq.agents import feedback
from openqwq.agents.calls import carry_out, read_turn
from openqwq.agents.environment import BadTask, Conversation, Environment, ToolBroken, ToolStuck, offered, reference_of
from openqwq.agents.episode import AgentLimits, Episode, Finish, Segment
from openqwq.agents.registry import find
from openqwq.agents.template import appended, between, special_texts
from openqwq.errors import UserError
from openqwq.generate import Sample, Sampler
from openqwq.sandbox import SandboxBroken
from openqwq.verify import Verdict, unscorable


class Seat:
    """`begin`; then for every turn `write`, `act` and `read` until `over`. `room`: tokens that one turn may have."""

    def __init__(self, problem: dict[str, Any], number: int, tokenizer: Any, limits: AgentLimits, room: int) -> None:
        self.tokenizer, self.limits, self.room = tokenizer, limits, room
        self.special = special_texts(tokenizer)
        self.episode = Episode(problem, number, prompt="", prompt_ids=[])
        self.environment: Environment | None = None
        self.context: list[int] = []
        self.cut = False  # whether the turn was
        self.answers: list[str] = []  # to the turn's calls
        self.asked: str | None = None  # by the user, after a turn without calls
        self.heard = 0  # turns before it

    @property
    def over(self) -> bool:
        """Whether the episode is judged."""
        return self.episode.verdict is not None

    def seed(self, seed: int) -> int:
        """That of the next turn."""
        told = f"{seed}\x00{self.episode.problem['id']}\x00{self.episode.number}\x00{self.episode.turns}"
        return int.from_bytes(hashlib.sha256(told.encode()).digest()[:6], "little")

    def begin(self, sampler: Sampler) -> None:
        """Sets the environment up and renders the prompt. Raises `UserError` where it leaves no room for a turn."""
        problem, episode = self.episode.problem, self.episode
        episode.messages = [dict(message) for message in problem["messages"]]
        try:
            self.environment = find(reference_of(problem)[0])(self.limits.tool_seconds)
            more = self.environment.reset(**problem)
        except BadTask as error:
            self._end("answer", unscorable(f"reference: {error}"))
            return
        except SandboxBroken as error:
            self._end("answer", unscorable(f"sandbox: {error}"))
            return
        if more:
            episode.messages[-1]["content"] += feedback.escaped(more, self.special)
        episode.prompt = sampler.render(episode.messages, json.loads(problem["tools"]) if problem["tools"] else None)
        self.context = self._ids(episode.prompt)
        episode.prompt_ids = list(self.context)
        if not self._has_room():
            raise UserError(
                f"the prompt of problem {problem['id']} has {len(self.context)} tokens: with {self.room} for a turn it exceeds "
                f"the {self.limits.max_context_tokens} of an episode. Raise max_context_tokens, or lower max_tokens."
            )

    def write(self, sample: Sample) -> None:
        """Takes a turn of the model in."""
        text = self.tokenizer.decode(sample.token_ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        self.episode.segments.append(Segment(sample.token_ids, True, sample.logprobs, text))
        self.episode.messages.append({"role": "assistant", "content": sample.text})
        self.episode.turns += 1
        self.context += sample.token_ids
        self.cut = sample.finish_reason == "length"

    def act(self) -> None:
        """Carries out what the turn calls, or judges the episode where it ends. Uses no tokenizer: seats act side by side."""
        started, episode = time.monotonic(), self.episode
        turn = episode.answer
        calls = read_turn(turn)
        self.answers, self.asked = [], None
        if not self.cut and not calls and isinstance(self.environment, Conversation):
            self.asked = self.environment.reply(turn)
        if self.asked is not None:
            self.heard = episode.turns
        elif self.cut or not calls or episode.turns - self.heard == self.limits.max_turns:
            self._judge("length" if self.cut else "turns" if calls else "answer")
        else:
            try:
                limits = self.limits
                answers = carry_out(calls, self._open(), limits.max_feedback_characters, self.special, limits.tool_seconds)
            except SandboxBroken as error:
                self._end("answer", unscorable(f"sandbox: {error}"))
            except ToolBroken as error:
                if isinstance(error, ToolStuck):
                    self.environment = None
                self._end("answer", unscorable(f"tool: {error}"))
            else:
                self.answers = answers.texts
                episode.calls += len(answers.texts)
                episode.failed_calls += answers.failed
        episode.seconds += time.monotonic() - started

    def read(self, sampler: Sampler) -> None:
        """Appends what tools answer or the user says, or ends the episode where it and another turn have no room."""
        if self.over:
            return
        if self.asked is not None:
            self._hear(self.asked, sampler)
            return
        if not isinstance(self.environment, Conversation) and self.episode.turns == self.limits.max_turns - 1:
            self.answers[-1] += feedback.LAST_TURN  # the benchmarks with a user say nothing of the kind
        text = between(self.tokenizer, self.answers)
        segment = Segment(self._ids(text), False, [], text)
        if not self._has_room(len(segment.token_ids)):
            self._judge("context")
            return
        self.episode.segments.append(segment)
        self.episode.messages += [{"role": "tool", "content": answer} for answer in self.answers]
        self.context += segment.token_ids

    def _hear(self, asked: str, sampler: Sampler) -> None:
        """The user's words; the template renders the whole conversation anew, without the thinking before them."""
        said = {"role": "user", "content": asked}
        text = appended(self.tokenizer, [said])
        prompt = sampler.render([*self.episode.messages, said], offered(self._open()))
        self.context, before = self._ids(prompt), self.context
        if not self._has_room():
            self.context = before
            self._judge("context")
            return
        self.episode.anew = True
        self.episode.segments.append(Segment(self._ids(text), False, [], text))
        self.episode.messages.append(said)

    def close(self) -> None:
        """Gives back what the environment holds."""
        if self.environment is not None:
            self.environment.close()

    def _open(self) -> Environment:
        if self.environment is None:
            raise ValueError("begin() comes first")
        return self.environment

    def _judge(self, finish: Finish) -> None:
        try:
            verdict = self._open().score(self.episode.answer)
        except SandboxBroken as error:
            verdict = unscorable(f"sandbox: {error}")
        self._end(finish, verdict)

    def _end(self, finish: Finish, verdict: Verdict) -> None:
        self.episode.finish, self.episode.verdict = finish, verdict
        self.close()

    def _ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def _has_room(self, more: int = 0) -> bool:
        return len(self.context) + more + self.room <= self.limits.max_context_tokens
