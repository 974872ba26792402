"""Plans of the stages on a CPU: memory only, for how fast a CPU is depends on too much to be told beforehand."""

from openqwq.config import RunConfig
from openqwq.config.train import GrpoConfig, RewardModelConfig, SftConfig
from openqwq.plan import amounts, cpu_memory
from openqwq.plan.architecture import Architecture
from openqwq.plan.stage_plan import StagePlan


class CpuPlanner:
    """Plans each stage of `config` for `model` on one machine without a GPU."""

    def __init__(self, config: RunConfig, model: Architecture) -> None:
        self.config, self.model, self.execution = config, model, config.execution
        self.room = config.hardware.memory_gb * 1e9 if config.hardware.memory_gb else None
        self.half = config.execution.generation_dtype == "bfloat16"

    def stages(self) -> list[StagePlan]:
        """All of them, in the order in which they run."""
        evaluated = amounts.completions(self.config)
        longest = max(evaluated) if evaluated else self.config.evaluate.sampling.max_tokens
        return [
            self.supervised("coldstart", self.config.coldstart),
            self.drawing("profile", self.config.profile.sampling.max_tokens),
            self.rl("reason", self.config.reason),
            self.supervised("reward_model", self.config.reward_model),
            self.rl("general", self.config.general),
            self.drawing("evaluate", longest),
        ]

    def supervised(self, name: str, stage: SftConfig | RewardModelConfig) -> StagePlan:
        """Cold start, or reward model: two sides a row and no logits."""
        sides = 2 if name == "reward_model" else 1
        tokens = stage.micro_batch_size * sides * amounts.longest_tokens(self.config, name, stage.max_length)
        parts = cpu_memory.training(
            self.model,
            tokens=tokens,
            scored=0.0 if sides == 2 else tokens,
            checkpointing=stage.gradient_checkpointing,
            autocast=stage.autocast == "bfloat16",
        )
        return self._plan(name, {"training": parts})

    def rl(self, name: str, stage: GrpoConfig) -> StagePlan:
        """Trainer and sampler stand side by side."""
        whole = stage.max_prompt_tokens + max(stage.sampling.lengths())
        drawn = self.config.plan.prompt_tokens + max(stage.sampling.lengths())
        tokens = stage.micro_batch_tokens or (stage.micro_batch_size or 16) * drawn
        parts = cpu_memory.training(
            self.model,
            tokens=max(tokens, min(whole, drawn)),
            scored=tokens,
            checkpointing=stage.gradient_checkpointing,
            autocast=stage.autocast == "bfloat16",
            reference=stage.kl > 0,
        )
        parts |= self._sampler(max(stage.sampling.lengths()))
        if any("reward_model" in mix.rewards for mix in stage.domains.values()):
            parts["reward model"] = (2 if self.half else 4) * self.model.parameters
        return self._plan(name, {"training": parts})

    def drawing(self, name: str, longest: int) -> StagePlan:
        """Profile and evaluation: the sampler alone."""
        return self._plan(name, {"sampling": {"libraries": cpu_memory.LIBRARIES} | self._sampler(longest)}, processes=1)

    def _sampler(self, longest: int) -> cpu_memory.Parts:
        tokens = self.config.plan.prompt_tokens + longest
        parts = cpu_memory.sampling(self.model, places=self.execution.generation_batch, tokens=tokens, half=self.half)
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
