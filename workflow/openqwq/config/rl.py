"""How an RL stage samples over its steps, and which of its options would have no effect together."""

from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field, model_validator

from openqwq.config.base import Positive, Rate, Strict


class LengthStage(Strict):
    """From an optimizer step on, completions of at most so many tokens."""

    from_step: Positive
    max_tokens: Positive


class TemperatureStage(Strict):
    """From an optimizer step on, completions sampled (and trained on) at this temperature."""

    from_step: Positive
    temperature: Rate


class RlSampling(Strict):
    """How RL's completions are drawn: always from the whole distribution. A list of stages is a schedule over the steps."""

    temperature: Rate | Annotated[list[TemperatureStage], Field(min_length=1)] = 1.0
    max_tokens: Positive | Annotated[list[LengthStage], Field(min_length=1)] = 128

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        for key in ("top_p", "top_k"):
            if isinstance(value, dict) and key in value:
                raise ValueError(
                    f"{key}: RL samples from the whole distribution, or its gradient is that of another policy; leave it out"
                )
        return value

    @model_validator(mode="after")
    def _stages(self) -> "RlSampling":
        for name, stages in (("temperature", self.temperature), ("max_tokens", self.max_tokens)):
            if isinstance(stages, list):
                steps = [stage.from_step for stage in stages]
                if steps[0] != 1 or any(later <= earlier for earlier, later in pairwise(steps)):
                    raise ValueError(f"{name}: from_step {steps} has to begin with 1 and to rise")
        return self

    def lengths(self) -> list[int]:
        """`max_tokens` of each stage."""
        return [stage.max_tokens for stage in self.max_tokens] if isinstance(self.max_tokens, list) else [self.max_tokens]

    def last_change(self) -> int:
        """The step from which nothing changes any more."""
        return max(stages[-1].from_step if isinstance(stages, list) else 1 for stages in (self.temperature, self.max_tokens))

    def skipped(self, steps: range) -> list[int]:
        """`from_step` of the stages that no batch of rollouts made at one of `steps` has."""
        never = []
        for stages in (self.temperature, self.max_tokens):
            begins = [stage.from_step for stage in stages] if isinstance(stages, list) else [1]
            used = {max(begin for begin in begins if begin <= step) for step in steps}
            never += [begin for begin in begins if begin not in used]
        return never
