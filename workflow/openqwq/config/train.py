"""Hyperparameters of the training stages. Sources of the recipe's values: docs/recipe.md."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from openqwq.config.base import Positive, Rate, Share, Strict
from openqwq.config.curate import Domain


class Optimizer(Strict):
    """AdamW and its schedule."""

    learning_rate: Rate
    scheduler: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "linear"
    warmup_steps: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0.0)
    max_grad_norm: Rate = 1.0


def _divides(batch: int, micro: int, name: str) -> None:
    if batch % micro:
        raise ValueError(f"{name} {batch} is not a multiple of micro_batch_size {micro}")


class _Supervised(Strict):
    """What supervised training and the reward model share. Master weights are those of the checkpoint, float32 by default."""

    epochs: Positive = 1
    batch_size: Positive = 16  # rows an optimizer step
    micro_batch_size: Positive = 8  # rows a forward pass
    max_length: Positive = 1024  # tokens; longer rows are set aside and counted, never cut
    optimizer: Optimizer
    autocast: Literal["none", "bfloat16"] = "bfloat16"  # of activations; weights stay as they are
    gradient_checkpointing: bool = False

    @model_validator(mode="after")
    def _batches(self) -> Self:
        _divides(self.batch_size, self.micro_batch_size, "batch_size")
        return self


class SftConfig(_Supervised):
    """Supervised training on traces (cold start)."""


class RewardModelConfig(_Supervised):
    """A Bradley–Terry reward model on preference pairs, started from the cold-start model."""

    centring: float = Field(default=0.01, ge=0.0)  # auxiliary loss that keeps rewards near zero (arXiv 2312.09244)


class Sampling(Strict):
    """How completions are drawn. `temperature` 0 is greedy."""

    temperature: float = Field(default=1.0, ge=0.0)
    top_p: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    top_k: int = Field(default=0, ge=0)  # 0: off
    max_tokens: Positive = 128


class ProfileConfig(Strict):
    """Pass rates of the cold-start model on the training problems, for choosing what RL can learn from."""

    samples: Positive = 4
    sampling: Sampling = Sampling()
    problems: dict[Domain, Positive]  # how many of each domain are profiled


Factor = Annotated[float, Field(ge=1.0)]
RewardName = Literal["accuracy", "format", "reward_model"]


class DomainMix(Strict):
    """One domain of an RL stage: its weight in the mixture and its rewards by name, each with a weight."""

    weight: Rate = 1.0
    rewards: Annotated[dict[RewardName, Rate], Field(min_length=1)] = {"accuracy": 1.0}


class GrpoConfig(Strict):
    """Group-relative policy optimisation (arXiv 2402.03300) with DAPO's clip-higher, token-level loss and dynamic sampling.

    DAPO: arXiv 2503.14476.
    """

    steps: Positive
    groups: Positive = 8  # problems an optimizer step
    group_size: Annotated[int, Field(ge=2)] = 8  # completions a problem
    max_generated: Factor = 4.0  # bound on the groups generated a step, times `groups`, to replace those that do not vary
    oversample: Factor = 1.0  # what a round draws, times what is expected to be needed: fewer rounds, more groups left over
    rest: int = Field(default=4, ge=0)  # steps a problem rests after a group without variance, twice as long each time in a row
    micro_batch_size: Positive = 16  # completions a forward pass; does not change the mathematics
    optimizer: Optimizer
    sampling: Sampling = Sampling()
    max_prompt_tokens: Positive = 512  # problems with longer prompts are left out and counted
    domains: Annotated[dict[Domain, DomainMix], Field(min_length=1)]
    pass_rate: tuple[Share, Share] = (0.1, 0.9)  # window, for problems that have a profile
    clip_low: Rate = 0.2
    clip_high: Rate = 0.28
    kl: float = Field(default=0.0, ge=0.0)  # weight of the KL term to the stage's first policy
    scale_rewards: Literal["group", "none"] = "group"
    autocast: Literal["none", "bfloat16"] = "bfloat16"
    gradient_checkpointing: bool = False

    @model_validator(mode="after")
    def _batches(self) -> Self:
        _divides(self.groups * self.group_size, self.micro_batch_size, "groups × group_size =")
        if self.sampling.temperature == 0 or self.sampling.top_p < 1 or self.sampling.top_k:
            raise ValueError(
                "sampling: RL needs temperature above 0, top_p 1 and top_k 0, or its gradient is that of another policy"
            )
        if self.pass_rate[0] > self.pass_rate[1]:
            raise ValueError(f"pass_rate {list(self.pass_rate)}: the lower end is above the upper")
        return self
