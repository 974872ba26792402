"""Hyperparameters of the training stages. Sources of the recipe's values: docs/recipe.md."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from openqwq.config.agents import AgentsConfig, bounded
from openqwq.config.base import Positive, Rate, Share, Strict
from openqwq.config.curate import Domain
from openqwq.config.reward import VerdictPairs
from openqwq.config.rl import RlSampling

Autocast = Literal["auto", "none", "bfloat16"]


class Optimizer(Strict):
    """AdamW and its schedule."""

    learning_rate: Rate
    scheduler: Literal["linear", "cosine", "constant", "constant_with_warmup"] = "linear"
    warmup_steps: int = Field(default=0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0.0)
    max_grad_norm: Rate = 1.0

    @model_validator(mode="after")
    def _warmup(self) -> Self:
        if self.scheduler == "constant" and self.warmup_steps:
            raise ValueError("warmup_steps: scheduler constant has no warm-up; say constant_with_warmup, or leave it out")
        return self


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
    autocast: Autocast = "auto"  # of activations; weights stay as they are; auto: bfloat16 where the hardware multiplies in it
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
    margin: Rate | None = None  # weight of each pair's metadata.margin in the loss (0 where it has none); nothing: no margins
    verdict_pairs: VerdictPairs | None = None  # beside the preference sources
    control_steps: int = Field(default=50, ge=0)  # of a second training on shuffled labels, at most as many as the first; 0: none


Temperature = Annotated[float, Field(ge=0.0)]
TopP = Annotated[float, Field(gt=0.0, le=1.0)]
TopK = Annotated[int, Field(ge=0)]


class Sampling(Strict):
    """How completions are drawn. `temperature` 0 is greedy."""

    temperature: Temperature = 1.0
    top_p: TopP = 1.0
    top_k: TopK = 0  # 0: off
    max_tokens: Positive = 128

    @model_validator(mode="after")
    def _greedy(self) -> Self:
        if self.temperature == 0 and (self.top_p < 1 or self.top_k):
            raise ValueError("top_p and top_k: temperature 0 takes the likeliest token whatever they say; leave them out")
        return self


class ProfileConfig(Strict):
    """Pass rates of the cold-start model on the training problems, for choosing what RL can learn from."""

    samples: Positive = 4
    sampling: Sampling = Sampling()
    problems: dict[Domain, Positive]  # how many of each domain are profiled
    agents: AgentsConfig | None = None  # bounds of episodes, where agent problems are profiled

    @model_validator(mode="after")
    def _agents(self) -> Self:
        bounded(self, "agent" in self.problems, self.sampling.max_tokens, "problems.agent")
        return self


Factor = Annotated[float, Field(ge=1.0)]
RewardName = Literal[
    "accuracy",
    "format",
    "reward_model",
    "overlong",
]


class DomainMix(Strict):
    """One domain of an RL stage: its weight in the mixture and its rewards by name, each with a weight."""

    weight: Rate = 1.0
    rewards: Annotated[dict[RewardName, Rate], Field(min_length=1)] = {"accuracy": 1.0}
    reward_model_gate: Literal["none", "rules"] = "none"  # rules: the reward model gives 0 unless the verdict is correct

    @model_validator(mode="after")
    def _gated(self) -> Self:
        if self.reward_model_gate != "none" and "reward_model" not in self.rewards:
            raise ValueError("reward_model_gate: the domain's rewards do not name reward_model; name it, or leave the gate out")
        return self


class GrpoConfig(Strict):
    """Group-relative policy optimisation (arXiv 2402.03300) with dynamic sampling (DAPO, arXiv 2503.14476).

    Losses and their options: docs/rl.md. An option that the chosen loss would ignore is an error.
    """

    steps: Positive  # optimizer steps
    groups: Positive = 8  # problems a batch of rollouts
    group_size: Annotated[int, Field(ge=2)] = 8  # completions a problem
    max_generated: Factor = 4.0  # bound on the groups generated a batch, times `groups`, to replace those that do not vary
    oversample: Factor = 1.0  # what a round draws, times what is expected to be needed: fewer rounds, more groups left over
    rest: int = Field(default=4, ge=0)  # steps a problem rests after a group without variance, twice as long each time in a row
    updates: Positive = 1  # optimizer steps a batch of rollouts, each on its share of the groups
    micro_batch_size: Positive | None = None  # completions a forward pass (16 if neither is given); the mathematics stay
    micro_batch_tokens: Positive | None = None  # instead: computed positions a forward pass, padding included
    optimizer: Optimizer
    sampling: RlSampling = RlSampling()
    max_prompt_tokens: Positive = 512  # problems with longer prompts are left out and counted
    domains: Annotated[dict[Domain, DomainMix], Field(min_length=1)]
    agents: AgentsConfig | None = None  # bounds of episodes, where there is a domain agent
    pass_rate: tuple[Share, Share] = (0.1, 0.9)  # window, for problems that have a profile
    unprofiled: bool = False  # in a domain that was profiled, draw the problems without a profile too
    loss: Literal["dapo", "dr_grpo", "gspo", "cispo"] = "dapo"
    clip_low: Rate | None = None  # how far the ratio may fall below 1; nothing: the loss's own
    clip_high: Rate | None = None  # how far it may rise above 1; nothing: the loss's own
    kl: float = Field(default=0.0, ge=0.0)  # weight of the KL term to the stage's first policy
    scale_rewards: Literal["group", "none"] = "group"  # advantages over the group's deviation; `none` with dr_grpo
    mismatch_correction: Literal["token_truncate", "none"] = "token_truncate"  # for a sampler that differs from the trainer
    mismatch_cap: Annotated[float, Field(ge=1.0)] | None = None  # of a token's weight (2 if not given)
    truncated: Literal["train", "mask"] = "train"  # completions cut at max_tokens: trained on, or left out of their group
    overlong_buffer: Positive | None = None  # tokens before max_tokens in which the reward `overlong` falls to -1
    reward_model_clip: Rate | None = None  # deviations at which its scores are cut before they are squashed (4 if not given)
    interpolation: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0  # published: this far from the first weights to the last
    autocast: Autocast = "auto"
    gradient_checkpointing: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.pass_rate[0] > self.pass_rate[1]:
            raise ValueError(f"pass_rate {list(self.pass_rate)}: the lower end is above the upper")
        if self.micro_batch_size is not None and self.micro_batch_tokens is not None:
            raise ValueError("micro_batch_size and micro_batch_tokens: give one of them")
        for name, value in (("steps", self.steps), ("groups", self.groups)):
            if value % self.updates:
                raise ValueError(f"{name} {value} is not a multiple of updates {self.updates}")
        if self.sampling.last_change() > self.steps:
            raise ValueError(f"sampling: from_step {self.sampling.last_change()} is past the last of {self.steps} steps")
        bounded(self, "agent" in self.domains, max(self.sampling.lengths()), "domains.agent")
        if skipped := self.sampling.skipped(range(1, self.steps + 1, self.updates)):
            raise ValueError(
                f"sampling: the stage from_step {skipped[0]} would never be used, for with updates {self.updates} rollouts are "
                f"made at steps 1, {1 + self.updates}, …; let it begin at one of them"
            )
        for message in ineffective(self):
            raise ValueError(message)
        return self


def ineffective(config: GrpoConfig) -> list[str]:
    """What the chosen loss and rewards would ignore, or would make mean something else."""
    clips = [name for name in ("clip_low", "clip_high") if getattr(config, name) is not None]
    overlong = any("overlong" in mix.rewards for mix in config.domains.values())
    scored = any("reward_model" in mix.rewards for mix in config.domains.values())
    shortest = min(config.sampling.lengths())
    agent = config.domains["agent"].rewards if "agent" in config.domains else {}
    foreign = [name for name in ("reward_model", "overlong") if name in agent]
    found = {
        f"domains.agent.rewards: no {' and '.join(foreign)} here; an episode is judged by the state that it leaves behind, the "
        "reward model compares single answers, and turns and context have bounds of their own (agents); name accuracy, format": (
            bool(foreign)
        ),
        "loss cispo: with one update a batch the ratio is 1 and cispo is dapo; say dapo, or give updates of 2 or more": (
            config.loss == "cispo" and config.updates == 1
        ),
        f"{' and '.join(clips)}: with one update a batch the ratio is 1 and is never clipped; leave it out, or give updates "
        "of 2 or more": (bool(clips) and config.updates == 1),
        "clip_low: cispo has no lower bound; leave it out": config.loss == "cispo" and config.clip_low is not None,
        "scale_rewards group: dr_grpo is defined without the group's deviation; say scale_rewards: none": (
            config.loss == "dr_grpo" and config.scale_rewards == "group"
        ),
        "kl: gspo weighs whole sequences and has no KL term; leave it out, or take dapo": config.loss == "gspo" and config.kl > 0,
        "mismatch_cap: there is no correction to cap; leave it out, or say mismatch_correction token_truncate": (
            config.mismatch_correction == "none" and config.mismatch_cap is not None
        ),
        "overlong_buffer: no domain has the reward overlong; name it there with a weight, or leave the buffer out": (
            config.overlong_buffer is not None and not overlong
        ),
        f"oversample {config.oversample}: max_generated {config.max_generated} leaves no group to draw beyond groups "
        f"{config.groups}; raise max_generated, or leave oversample out": (
            config.oversample > 1 and int(config.max_generated * config.groups + 1e-9) <= config.groups
        ),
        "overlong: a reward of this name needs overlong_buffer": overlong and config.overlong_buffer is None,
        f"overlong_buffer {config.overlong_buffer}: not below sampling.max_tokens {shortest}": (
            config.overlong_buffer is not None and config.overlong_buffer >= shortest
        ),
        "reward_model_clip: no domain has the reward reward_model; name it there with a weight, or leave the clip out": (
            config.reward_model_clip is not None and not scored
        ),
        "truncated mask: it hides the completions that overlong punishes most; choose one of them": (
            overlong and config.truncated == "mask"
        ),
    }
    return [message for message, holds in found.items() if holds]
