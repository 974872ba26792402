"""Benchmarks, sampling settings and the regression gate."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from openqwq.config.agents import AgentsConfig
from openqwq.config.base import Positive, Share, Slug, Strict
from openqwq.config.curate import Domain
from openqwq.config.train import Sampling, Temperature, TopK, TopP

CheckpointStage = Literal["base", "coldstart", "reason", "general"]
# Benchmarks that are played as episodes, so that `evaluate.agents` bounds them.
CONVERSATIONS = tuple(f"bfcl_multi_turn_{category}" for category in ("base", "miss_param", "miss_func", "long_context"))
GREEDY_ONCE = "temperature 0 gives the same completion every time; draw 1"
Revision = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Benchmark(Strict):
    """One benchmark of the registry. `limit` takes a fixed slice: rows spread evenly over the benchmark's order."""

    name: Slug  # registry name: humaneval, bfcl_simple, …
    limit: Positive | None = None
    path: str | None = None  # a local file instead of the hub, or for benchmarks that are read from one
    revision: Revision | None = None  # of the data set on the hub, instead of the pinned one
    after: Day | None = None  # livecodebench: problems published on this day or later
    before: Day | None = None  # livecodebench: problems published before this day
    samples: Positive = 1  # k
    max_tokens: Positive | None = None  # like the three below: in place of what `evaluate.sampling` says
    temperature: Temperature | None = None  # 0 is greedy, and sets what `evaluate.sampling` says of top_p and top_k aside
    top_p: TopP | None = None  # from 0 to 1
    top_k: TopK | None = None  # 0: off
    stages: Annotated[list[CheckpointStage], Field(min_length=1)] | None = None  # whose checkpoints are asked, where not all

    def is_of(self, checkpoint: str) -> bool:
        """Whether a checkpoint (base, coldstart, …) is evaluated on it."""
        return self.stages is None or checkpoint in self.stages

    def sampling(self, of: Sampling) -> Sampling:
        """How its completions are drawn, where `of` is the evaluation's. Raises `ValueError` for what does not go together."""
        own = {key: getattr(self, key) for key in Sampling.model_fields if getattr(self, key) is not None}
        inherited = {"max_tokens": of.max_tokens} if self.temperature == 0 else of.model_dump()
        return Sampling.model_validate(inherited | {"temperature": of.temperature} | own)


def drawable(benchmarks: list[Benchmark], sampling: Sampling) -> None:
    """Raises `ValueError` for a benchmark whose settings do not go together with those of the evaluation, naming it."""
    for at, benchmark in enumerate(benchmarks):
        try:
            own = benchmark.sampling(sampling)
        except ValidationError as error:
            wrong = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise ValueError(f"benchmarks.{at} ({benchmark.name}): {wrong}") from error
        if own.temperature == 0 and benchmark.samples > 1:
            raise ValueError(f"benchmarks.{at} ({benchmark.name}): samples: {GREEDY_ONCE}")


def drawn_by(config: dict[str, Any]) -> tuple[Sampling, dict[str, Sampling]]:
    """How a recorded configuration draws: in common, and each benchmark by name. Other keys of it are not looked at.

    Raises `ValidationError`, a `ValueError`, for what is no setting.
    """
    common = Sampling.model_validate(config["evaluate"]["sampling"])
    keys = {"name", *Sampling.model_fields}
    listed = [Benchmark.model_validate({key: one[key] for key in keys & one.keys()}) for one in config["benchmarks"]]
    return common, {one.name: one.sampling(common) for one in listed}


class Gate(Strict):
    """General RL must not lose more than `margin` (in score, 0–1) to the reason stage on these benchmarks."""

    benchmarks: list[str] = ["math", "code"]
    margin: Share = 0.03
    on_fail: Literal["stop", "warn", "rollback"] = "warn"  # stop: the stage fails; rollback: reason is the run's final model


class EvaluateConfig(Strict):
    """How checkpoints are compared."""

    stages: Annotated[list[CheckpointStage], Field(min_length=1)] = ["base", "coldstart", "reason", "general"]
    sampling: Sampling = Sampling(temperature=0.6, top_p=0.95, top_k=40, max_tokens=256)
    held_out_samples: Positive | dict[Domain, Positive] = 1  # k on our own held-out problems; by domain, 1 elsewhere
    most_samples: dict[CheckpointStage, Positive] = {}  # the largest k of a stage, to spare time on its samples
    most_problems: dict[CheckpointStage, Positive] = {}  # likewise the largest number of problems of each benchmark
    reward_model: bool = False  # lets the run's reward model score every sample where k > 1, for best@k
    agents: AgentsConfig | None = None  # bounds of episodes, where tasks are held out or a benchmark is one of conversations
    bootstrap: Positive = 10000  # resamples of the problem-clustered bootstrap
    gate: Gate = Gate()

    @model_validator(mode="after")
    def _greedy(self) -> Self:
        k = self.held_out_samples
        if self.sampling.temperature == 0 and (k if isinstance(k, int) else max(k.values(), default=1)) > 1:
            raise ValueError(f"held_out_samples: {GREEDY_ONCE}")
        return self

    def k_of(self, stage: str, k: int) -> int:
        """Samples a problem of a stage's checkpoint, where `k` are configured."""
        return min(k, {str(name): most for name, most in self.most_samples.items()}.get(stage, k))

    def problems_of(self, stage: str, count: int) -> int:
        """Problems that a stage's checkpoint is asked of a benchmark which has `count`."""
        return min(count, {str(name): most for name, most in self.most_problems.items()}.get(stage, count))

    def held_out_k(self, domain: str) -> int:
        """Samples a problem of our own held-out problems of a domain."""
        k = self.held_out_samples
        return k if isinstance(k, int) else {str(name): samples for name, samples in k.items()}.get(domain, 1)
