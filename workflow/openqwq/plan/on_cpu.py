"""Plans of the stages on a CPU: memory only, for how fast a CPU is depends on too much to be told beforehand.

Where the precision is left to the machine (`auto`), what takes more is shown, and a stage fits where one of them does.
"""

from dataclasses import replace
from typing import Any

from openqwq.config import RunConfig
from openqwq.config.train import GrpoConfig, RewardModelConfig, SftConfig
from openqwq.plan import amounts, cpu_memory
from openqwq.plan.architecture import Architecture
from openqwq.plan.stage_plan import StagePlan
from openqwq.precision import AUTO


def stages(config: RunConfig, model: Architecture) -> list[StagePlan]:
    """Plans of all stages, in the order in which they run."""
    both = [CpuPlanner(in_precision(config, precision), model).stages() for precision in ("bfloat16", "float32")]
    return [_larger(*two) for two in zip(*both, strict=True)]


def _larger(half: StagePlan, full: StagePlan) -> StagePlan:
    small, large = sorted((half, full), key=lambda one: one.peak)
    if large.problems and not small.problems:
        mine, other = ("bfloat16", "float32") if small is half else ("float32", "bfloat16")
        note = f"this is {mine}; {other}, which auto may choose, takes {large.peak / 1e9:.1f} GB and does not fit"
        return replace(small, notes=[*small.notes, note])
    return large


def in_precision(config: RunConfig, precision: str) -> RunConfig:
    """The run with each `auto` settled as on a machine that computes in this."""
    autocast = "bfloat16" if precision == "bfloat16" else "none"
    trained = {name: getattr(config, name) for name in ("coldstart", "reason", "reward_model", "general")}
    changes: dict[str, Any] = {
        name: stage.model_copy(update={"autocast": autocast}) for name, stage in trained.items() if stage.autocast == AUTO
    }
    if config.execution.generation_dtype == AUTO:
        changes["execution"] = config.execution.model_copy(update={"generation_dtype": precision})
    return config.model_copy(update=changes)


class CpuPlanner:
    """Plans each stage of `config` for `model` on one machine without a GPU."""

    def __init__(self, config: RunConfig, model: Architecture) -> None:
        self.config, self.model, self.execution = config, model, config.execution
        self.room = config.hardware.memory_gb * 1e9 if config.hardware.memory_gb else None
        self.half = config.execution.generation_dtype == "bfloat16"

    def stages(self) -> list[StagePlan]:
        """All of them, in the order in which they run."""
        evaluate = [benchmark.max_tokens for benchmark in self.config.benchmarks if benchmark.max_tokens]
        longest = max([self.config.evaluate.sampling.max_tokens, *evaluate])
        return [
            self.supervised("coldstart", self.config.coldstart),
            self.drawing("profile", self.config.profile.sampling.max_tokens, self.config.profile.samples),
            self.rl("reason", self.config.reason),
            self.supervised("reward_model", self.config.reward_model),
            self.rl("general", self.config.general),
            self.drawing("evaluate", longest),
        ]

    def supervised(self, name: str, stage: SftConfig | RewardModelConfig) -> StagePlan:
        """Cold start, or reward model: two sides a row and no logits."""
        sides = 2 if name == "reward_model" else 1
        longest = amounts.longest_tokens(self.config, name, stage.max_length)
        tokens = stage.micro_batch_size * sides * longest
        parts = cpu_memory.training(
            self.model,
            tokens=tokens,
            scored=0.0 if sides == 2 else tokens,
            checkpointing=stage.gradient_checkpointing,
            autocast=stage.autocast == "bfloat16",
        )
        if sides == 2:  # the held-out pairs
            parts |= cpu_memory.scoring(self.model, places=self.execution.generation_batch, tokens=longest)
        return self._plan(name, {"training": parts})

    def rl(self, name: str, stage: GrpoConfig) -> StagePlan:
        """Trainer and sampler stand side by side."""
        most = max(stage.sampling.lengths())
        whole = self._longest(name, most, stage.max_prompt_tokens)
        tokens = max(whole, stage.micro_batch_tokens or (stage.micro_batch_size or 16) * whole)
        parts = cpu_memory.training(
            self.model,
            tokens=tokens,
            scored=tokens,
            checkpointing=stage.gradient_checkpointing,
            autocast=stage.autocast == "bfloat16",
            reference=stage.kl > 0,
            holes=cpu_memory.TURNS if stage.autocast == "bfloat16" else cpu_memory.HOLES,
        )
        parts |= self._sampler(whole, most, stage.group_size, stage.groups * stage.group_size * stage.oversample)
        if any("reward_model" in mix.rewards for mix in stage.domains.values()):
            parts["reward model"] = (2 if self.half else 4) * self.model.parameters
        return self._plan(name, {"training": parts})

    def drawing(self, name: str, most: int, samples: int = 1) -> StagePlan:
        """Profile and evaluation: the sampler alone."""
        parts = self._sampler(self._longest(name, most), most, samples)
        return self._plan(name, {"sampling": {"libraries": cpu_memory.LIBRARIES} | parts}, processes=1)

    def _longest(self, name: str, most: int, prompt: int | None = None) -> int:
        """Tokens of the longest completions of up to `most` with their prompts, of a stage that draws; `prompt` bounds those."""
        if prompt is not None:
            return amounts.longest_tokens(self.config, name, prompt + most)
        told: int | None = getattr(self.config.plan.longest_tokens, name)
        return told or self.config.plan.prompt_tokens + most

    def _sampler(self, longest: int, most: int, samples: int, drawn: float = float("inf")) -> cpu_memory.Parts:
        """With `samples` of each prompt, `drawn` completions at a time."""
        prompt, places = max(0, longest - most), min(self.execution.generation_batch, drawn)
        parts = cpu_memory.sampling(self.model, places=places, tokens=longest, prompt=prompt, half=self.half, samples=samples)
        if self.execution.engine == "vllm":
            parts["keys and values"] = (self.execution.vllm.kv_cache_gb or cpu_memory.VLLM_CACHE_GB) * 2**30
        return parts | cpu_memory.judging(self.execution.verifier_workers)

    def _plan(self, name: str, memory: dict[str, dict[str, float]], processes: int | None = None) -> StagePlan:
        processes = processes or self.execution.processes
        memory = {phase: {what: size * processes for what, size in parts.items()} for phase, parts in memory.items()}
        plan = StagePlan(name=name, parameters=self.model.parameters, nodes=1, gpus=0, memory=memory, room=self.room)
        if self.room and plan.peak > self.room:
            plan.problems.append(
                f"{plan.peak / 1e9:.1f} GB are needed and hardware.memory_gb is {self.room / 1e9:.1f}: lower micro_batch_size, "
                "micro_batch_tokens, execution.generation_batch or max_length, or turn gradient_checkpointing on"
            )
        return plan
