"""What an episode is: a conversation of a model with an environment, kept as the very tokens that the model saw and wrote."""

from dataclasses import dataclass, field
from typing import Any, Literal

from openqwq.agents.environment import TOOL_SECONDS
from openqwq.verify import Verdict

Finish = Literal["answer", "turns", "context", "length"]
Message = dict[str, str]


@dataclass(frozen=True, slots=True)
class AgentLimits:
    """Bounds of one episode."""

    max_turns: int = 8  # of the assistant, since the user spoke last; one that calls tools in its last ends without an answer
    max_context_tokens: int = 4096  # prompt and all segments; an episode ends where a whole turn has no room any more
    tool_seconds: float = TOOL_SECONDS  # wall time of one call
    max_feedback_characters: int = 2000  # of one tool response; longer ones are cut in the middle, and say so


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of tokens behind the prompt: written by the model (its end token included), or appended by template and tools."""

    token_ids: list[int]
    trained: bool  # written by the model
    logprobs: list[float]  # the sampler's, of each token; empty where it is not trained or the sampler gives none
    text: str  # as the tokens say it, end token included


@dataclass
class Episode:
    """One episode, over. Its tokens are those of `prompt_ids` and of all segments in order, never tokenised anew but where it
    says so (`anew`).

    `finish`: `answer`, the last turn calls no tool; `turns`, it does, and no turn is left: these calls are not carried out;
    `context`, its calls were carried out, but there is no room for their answers and another turn; `length`, the last turn was
    cut at the sampling's `max_tokens`. An episode that could not begin is unscorable and has no segments.
    """

    problem: dict[str, Any]  # a row of the PROBLEM shape
    number: int  # of the problem's samples
    prompt: str  # as rendered, up to the first turn
    prompt_ids: list[int]
    segments: list[Segment] = field(default_factory=list)  # alternating; the first and the last are the model's
    messages: list[Message] = field(default_factory=list)  # the whole conversation; the template renders it to the same text
    turns: int = 0  # of the assistant
    anew: bool = False  # the user spoke again, and the model went on from the conversation without its earlier thinking
    calls: int = 0
    failed_calls: int = 0  # answered with an error, malformed ones included
    finish: Finish = "answer"
    verdict: Verdict | None = None  # None only while the episode runs
    seconds: float = 0.0  # in tools and scoring

    @property
    def tokens(self) -> int:
        """Prompt and segments."""
        return len(self.prompt_ids) + sum(len(segment.token_ids) for segment in self.segments)

    @property
    def text(self) -> str:
        """Everything behind the prompt."""
        return "".join(segment.text for segment in self.segments)

    @property
    def answer(self) -> str:
        """The model's last turn, thinking included; empty before the first."""
        turns = [message["content"] for message in self.messages if message["role"] == "assistant"]
        return turns[-1] if turns else ""
