"""Rejection sampling: traces from a model's own correct completions."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from openqwq.config.base import Positive, Share, Strict
from openqwq.config.curate import Domain, TraceFilters
from openqwq.config.train import Sampling


class SampleTracesConfig(Strict):
    """Worked traces from a model's own correct completions, by the target `traces`, which `all` does not make.

    Of a problem's correct completions the shorter are preferred, and none is kept that nearly copies a shorter one.
    """

    model: Literal["base", "coldstart", "reason", "general"] = "reason"  # whose completions
    problems: Annotated[dict[Domain, Positive], Field(min_length=1)] = {"math": 1000, "code": 1000}  # how many of each domain
    samples: Positive = 8  # completions drawn a problem
    sampling: Sampling = Sampling(temperature=0.8, top_p=0.95)
    keep: Positive = 2  # traces kept a problem, at most
    max_similarity: Share = 0.5  # share of five-word runs that a trace may have in common with a shorter one
    filters: TraceFilters = TraceFilters()

    @model_validator(mode="after")
    def _single(self) -> Self:
        if "agent" in self.problems:
            raise ValueError("problems.agent: traces are sampled of single completions; the source of agents brings its own")
        return self
