"""Benchmarks, sampling settings and the regression gate."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from openqwq.config.agents import AgentsConfig
from openqwq.config.base import Positive, Share, Slug, Strict
from openqwq.config.curate import Domain
from openqwq.config.train import Sampling

CheckpointStage = Literal["base", "coldstart", "reason", "general"]
# Benchmarks that are played as episodes, so that `evaluate.agents` bounds them.
CONVERSATIONS = tuple(f"bfcl_multi_turn_{category}" for category in ("base", "miss_param", "miss_func", "long_context"))
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
    max_tokens: Positive | None = None  # overrides the sampling's
    stages: Annotated[list[CheckpointStage], Field(min_length=1)] | None = None  # whose checkpoints are asked, where not all

    def is_of(self, checkpoint: str) -> bool:
        """Whether a checkpoint (base, coldstart, …) is evaluated on it."""
        return self.stages is None or checkpoint in self.stages


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
    reward_model: bool = False  # lets the run's reward model score every sample where k > 1, for best@k
    agents: AgentsConfig | None = None  # bounds of episodes, where tasks are held out or a benchmark is one of conversations
    bootstrap: Positive = 10000  # resamples of the problem-clustered bootstrap
    gate: Gate = Gate()

    def k_of(self, stage: str, k: int) -> int:
        """Samples a problem of a stage's checkpoint, where `k` are configured."""
        return min(k, {str(name): most for name, most in self.most_samples.items()}.get(stage, k))

    def held_out_k(self, domain: str) -> int:
        """Samples a problem of our own held-out problems of a domain."""
        k = self.held_out_samples
        return k if isinstance(k, int) else {str(name): samples for name, samples in k.items()}.get(domain, 1)
