"""Plans of the stages on GPUs."""

from typing import Any

from openqwq.config import RunConfig
from openqwq.config.train import GrpoConfig, RewardModelConfig, SftConfig
from openqwq.plan import amounts, efficiency, memory, sampling_time, training_time
from openqwq.plan.architecture import Architecture
from openqwq.plan.machine import Gpu
from openqwq.plan.rl_time import Engine, Rollouts, batch
from openqwq.plan.stage_plan import StagePlan


class GpuPlanner:
    """Plans each stage of `config` for `model` on `gpu`."""

    def __init__(self, config: RunConfig, model: Architecture, gpu: Gpu) -> None:
        self.config, self.model, self.gpu = config, model, gpu
        self.execution = config.execution
        self.room = gpu.memory * efficiency.USABLE

    def stages(self) -> list[StagePlan]:
        """All of them, in the order in which they run."""
        return [
            self.supervised("coldstart", self.config.coldstart),
            self.profile(),
            self.rl("reason", self.config.reason),
            self.supervised("reward_model", self.config.reward_model),
            self.rl("general", self.config.general),
            self.evaluate(),
        ]

    def supervised(self, name: str, stage: SftConfig | RewardModelConfig) -> StagePlan:
        """Cold start, or reward model: two sides a row."""
        nodes = getattr(self.config.hardware.nodes, name)
        gpus = nodes * self.execution.processes
        sides = 2 if name == "reward_model" else 1
        role = "preferences" if name == "reward_model" else "traces"
        rows = amounts.rows(self.config, role)
        micro_tokens = stage.micro_batch_size * sides * amounts.longest_tokens(self.config, name, stage.max_length)
        parts = memory.training(
            self.model,
            gpus=gpus,
            micro_tokens=micro_tokens,
            checkpointing=stage.gradient_checkpointing,
            scores=sides == 2,
        )
        problems = self._too_large(name, "training", parts)
        if stage.batch_size % (stage.micro_batch_size * gpus):
            problems.append(
                f"a batch of {stage.batch_size} rows cannot be divided among {gpus} processes with micro-batches of "
                f"{stage.micro_batch_size}: change {name}.batch_size, {name}.micro_batch_size or the number of nodes"
            )
        known: dict[str, Any] = {
            "name": name,
            "parameters": self.model.parameters,
            "nodes": nodes,
            "gpus": gpus,
            "room": self.room,
        }
        if rows is None:
            note = f"rows of {role} are not known: give plan.rows.{role}"
            return StagePlan(**known, memory={"training": parts}, problems=problems, notes=[note])
        length = amounts.mean_tokens(self.config, name, stage.max_length)
        tokens = rows * stage.epochs * sides * length
        time = training_time.training(
            self.model,
            self.gpu,
            gpus=gpus,
            per_node=self.execution.processes,
            tokens=tokens,
            length=length,
            micro_tokens=stage.micro_batch_size * sides * length,
            checkpointing=stage.gradient_checkpointing,
            updates=max(1.0, rows * stage.epochs / stage.batch_size),
        )
        return StagePlan(
            **known,
            tokens=tokens,
            flops=time.flops,
            seconds=time.seconds * efficiency.IDLE,
            limit=f"training: {time.limit}",
            memory={"training": parts},
            problems=problems,
        )

    def rl(self, name: str, stage: GrpoConfig) -> StagePlan:
        """Reason, or general with a reward model in memory where a domain asks for it."""
        nodes = getattr(self.config.hardware.nodes, name)
        gpus = nodes * self.execution.processes
        judge = self.model if any("reward_model" in mix.rewards for mix in stage.domains.values()) else None
        longest = max(stage.sampling.lengths())
        whole = stage.max_prompt_tokens + longest
        micro_tokens = max(stage.micro_batch_tokens or (stage.micro_batch_size or 16) * whole, whole)
        parts = memory.training(
            self.model,
            gpus=gpus,
            micro_tokens=micro_tokens,
            checkpointing=stage.gradient_checkpointing,
            reference=stage.kl > 0,
            judge=judge,
        )
        parts |= memory.kept_by_sampler(self.model, self.gpu.memory, self.execution)
        server = self.execution.engine == "vllm" and self.execution.vllm.mode == "server"
        resident = memory.states(self.model, gpus=gpus, reference=stage.kl > 0, judge=judge)
        drawing, engine, problems = self._engine(whole, {} if server else resident, 1 if server else None)
        problems = self._too_large(name, "training", parts) + self._too_large(name, "sampling", drawing) + problems
        seconds = tokens = drawn = flops = 0.0
        limits: dict[str, float] = {}
        generated = min(stage.max_generated, stage.oversample / self.config.plan.live_share)
        for steps, bound in amounts.phases(stage.sampling, stage.steps):
            batches = steps / stage.updates
            trained = stage.groups * stage.group_size
            rollouts = Rollouts(
                generated=trained * generated,
                trained=trained,
                prompt=self.config.plan.prompt_tokens,
                mean=amounts.mean_tokens(self.config, name, bound),
                longest=bound,
                rounds=1.0 if stage.oversample > 1 else 2.0,
                updates=stage.updates,
                scored=(stage.updates - 1) / stage.updates + (stage.kl > 0),
            )
            one = batch(
                self.model,
                self.gpu,
                rollouts,
                engine,
                gpus=gpus,
                per_node=self.execution.processes,
                micro_tokens=stage.micro_batch_tokens or micro_tokens,
                checkpointing=stage.gradient_checkpointing,
                judge=judge,
            )
            seconds += batches * one.seconds
            flops += batches * one.flops
            drawn += batches * rollouts.generated
            tokens += batches * rollouts.generated * (rollouts.prompt + rollouts.mean)
            limits[one.limit] = limits.get(one.limit, 0.0) + batches * one.seconds
        return StagePlan(
            name=name,
            parameters=self.model.parameters,
            nodes=nodes,
            gpus=gpus + (engine.size if server else 0),
            tokens=tokens,
            completions=drawn,
            flops=flops,
            seconds=seconds * efficiency.IDLE,
            limit=max(limits, key=lambda limit: limits[limit]),
            memory={"training": parts, "sampling": drawing},
            room=self.room,
            problems=problems,
        )

    def profile(self) -> StagePlan:
        """Pass rates, in `profile_shards` jobs side by side."""
        stage = self.config.profile
        count = float(sum(stage.problems.values()) * stage.samples)
        return self._drawing("profile", {stage.sampling.max_tokens: count}, jobs=self.execution.profile_shards)

    def evaluate(self) -> StagePlan:
        """All checkpoints, one after another, each in `evaluate_shards` jobs side by side."""
        completions = amounts.completions(self.config)
        return self._drawing("evaluate", completions, len(self.config.evaluate.stages), self.execution.evaluate_shards)

    def _drawing(self, name: str, completions: dict[int, float] | None, times: int = 1, jobs: int = 1) -> StagePlan:
        """A stage that draws so many completions of each `max_tokens`, `times` over, in jobs of one engine and one node each."""
        size = self.execution.vllm.tensor_parallel_size if self.execution.engine == "vllm" else 1
        longest = max(completions) if completions else self.config.evaluate.sampling.max_tokens
        prompt = self.config.plan.prompt_tokens
        parts, engine, problems = self._engine(prompt + longest, {})
        problems = self._too_large(name, "sampling", parts) + problems
        known: dict[str, Any] = {
            "name": name,
            "parameters": self.model.parameters,
            "nodes": jobs,
            "gpus": jobs * size,
            "room": self.room,
        }
        if completions is None:
            note = "a benchmark's number of problems is not known: give its limit"
            return StagePlan(**known, memory={"sampling": parts}, problems=problems, notes=[note])
        seconds = tokens = flops = 0.0
        limit = ""
        together = self.execution.saving.evaluate * self.execution.generation_batch  # drawn between two saves
        for bound, count in sorted(completions.items()):
            mean = amounts.mean_tokens(self.config, name, bound)
            calls = max(1.0, count / jobs / together)
            one = sampling_time.sampling(
                self.model,
                self.gpu,
                size=size,
                per_node=self.config.hardware.gpus_per_node,
                completions=count / jobs / calls,
                prompt=prompt,
                mean=mean,
                longest=bound,
                cache=engine.cache,
                batch=engine.batch,
            )
            seconds, flops = seconds + one.seconds * calls, flops + one.flops * calls * jobs
            tokens += count * (prompt + mean)
            limit = f"sampling: {one.limit}"  # of the longest
        return StagePlan(
            **known,
            tokens=tokens * times,
            completions=sum(completions.values()) * times,
            flops=flops * times,
            seconds=seconds * times * efficiency.IDLE,
            in_turn=times,
            limit=limit,
            memory={"sampling": parts},
            problems=problems,
        )

    def _engine(self, tokens: int, resident: memory.Parts, count: int | None = 1) -> tuple[memory.Parts, Engine, list[str]]:
        """Memory while sampling completions of up to `tokens` with their prompts, the engine, and why it cannot."""
        places = self.execution.generation_batch
        if self.execution.engine == "transformers":
            parts = memory.sampling_whole(self.model, tokens, places, resident)
            return parts, Engine(size=1, cache=places * tokens * self.model.kv_bytes(), batch=places, count=count), []
        vllm = self.execution.vllm
        room = memory.cache(self.model, self.gpu.memory, vllm)
        needed = tokens * self.model.kv_bytes() / vllm.tensor_parallel_size
        problems = []
        if room < needed:
            problems.append(
                f"sampling: the engine's share of a GPU leaves {room / 1e9:.1f} GB for keys and values, one completion of "
                f"{tokens} tokens takes {needed / 1e9:.1f} GB: raise execution.vllm.tensor_parallel_size or "
                "gpu_memory_utilization"
            )
        parts = memory.sampling_vllm(self.model, self.gpu.memory, vllm, resident)
        return parts, Engine(size=vllm.tensor_parallel_size, cache=max(room, needed), batch=places, count=count), problems

    def _too_large(self, name: str, phase: str, parts: memory.Parts) -> list[str]:
        needed = sum(parts.values())
        if needed <= self.room:
            return []
        largest = ", ".join(f"{what} {size / 1e9:.1f}" for what, size in sorted(parts.items(), key=lambda p: -p[1])[:3])
        if name in ("profile", "evaluate"):
            remedy = "raise execution.vllm.tensor_parallel_size"
        elif phase == "training":
            remedy = (
                f"raise hardware.nodes.{name} or execution.processes, or lower the tokens of a micro-batch or the longest row"
            )
        else:
            remedy = f"lower execution.vllm.gpu_memory_utilization or raise hardware.nodes.{name}"
        wrong = (
            f"{phase}: {needed / 1e9:.0f} GB a GPU, of which {largest}; {self.room / 1e9:.0f} GB of a {self.gpu.name} can be used"
        )
        return [f"{wrong}: {remedy}"]
