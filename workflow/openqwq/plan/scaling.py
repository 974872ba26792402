"""The recipe of a configuration at other sizes of the model: on how many nodes, at what cost, and what does not scale.

`what breaks first` is the largest share of the wall time that more nodes would not shorten.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from openqwq.config import RunConfig
from openqwq.errors import UserError
from openqwq.plan import efficiency, models
from openqwq.plan.run_plan import RunPlan, plan

BYTES_A_TOKEN = 2.0  # of a rollout table; 1.9 in those of the demo: text under zstd, and its figures
MODULES = 5000  # Python files that a training process opens when it starts
TOUCHES = 3  # calls to the file system for one of them: look, open, close
REPLACED = 5  # calls for a file that appears atomically: create, write, flush, close, rename
PARSED = 150  # files that a job reads to parse the Snakefile: rules, configuration, the package's small part
RECORDS = 40  # calls of Snakemake for a job: records, logs, timing, outputs seen by others
RULES = (
    9  # jobs besides shards and checkpoints: import, curate, coldstart, profile, reason, reward_model, general, compare, report
)
PER_GPU_SAVE = 2  # files of a process in a save

SIZES = (
    ("Qwen/Qwen2.5-1.5B", "H100", 1),
    ("Qwen/Qwen2.5-7B", "H100", 2),
    ("Qwen/Qwen2.5-32B", "H100", 8),
    ("Qwen/Qwen3-235B-A22B", "H200", 8),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """The recipe with one model."""

    made: RunPlan
    nodes: int
    shards: int

    def total(self, what: str) -> float:
        """Sum of a figure over the stages."""
        return sum(getattr(stage, what) or 0.0 for stage in self.made.stages)

    @property
    def rollout_bytes(self) -> float:
        """Tables of both RL stages."""
        return BYTES_A_TOKEN * sum(stage.tokens or 0.0 for stage in self.made.stages if stage.name in ("reason", "general"))

    @property
    def save_bytes(self) -> float:
        """One save: weights and two moments in float32."""
        return 12 * self.made.stages[0].parameters

    @property
    def jobs(self) -> int:
        """Those that Slurm is given; training stages are one each, however many nodes they have."""
        execution, checkpoints = self.made.config.execution, len(self.made.config.evaluate.stages)
        return RULES + self.shards + execution.profile_shards + (execution.evaluate_shards + 1) * checkpoints

    @property
    def metadata(self) -> float:
        """Calls to the shared file system that concern names, not content."""
        config, calls = self.made.config, float(self.jobs * (PARSED * TOUCHES + RECORDS))
        for stage in self.made.stages:
            calls += max(1, stage.gpus) * MODULES * TOUCHES
            steps = getattr(getattr(config, stage.name, None), "steps", 0)
            if steps:
                calls += 3 * REPLACED * steps / getattr(config, stage.name).updates  # rollouts, metrics, progress
                calls += steps / getattr(config.execution.saving, stage.name) * stage.gpus * PER_GPU_SAVE * REPLACED
        return calls

    @property
    def burst(self) -> float:
        """Calls in the half minute in which all processes of the largest stage start."""
        return max(stage.gpus for stage in self.made.stages) * MODULES * TOUCHES

    @property
    def breaks_first(self) -> str:
        """What more nodes would not shorten, the largest first, as a share of the wall time."""
        whole = self.total("hours")
        kept = {"the longest completion of each batch": self._tail(), "saves": self._saving()}
        name = max(kept, key=lambda one: kept[one])
        return f"{name}: {kept[name] / whole:.0%} of the time"

    def _tail(self) -> float:
        """Hours of decoding steps in `reason`, if every batch were no more than its longest completion."""
        model, gpu, config = self.made.model, self.made.gpu, self.made.config
        assert model is not None
        assert gpu is not None
        size = config.execution.vllm.tensor_parallel_size
        reading = 2 * model.read_parameters(8) / size / (gpu.bandwidth * efficiency.MEMORY)
        reduce = 2 * model.layers * efficiency.REDUCE_NODE if size > 1 else 0.0
        longest = config.reason.sampling.lengths()
        return config.reason.steps / config.reason.updates * longest[0] * (efficiency.KERNELS + reading + reduce) / 3600

    def _saving(self) -> float:
        """Hours of saves in `reason`: each process writes its slice, all together what eight processes reach."""
        config = self.made.config
        saves = config.reason.steps / max(config.execution.saving.reason, config.reason.updates)
        return saves * self.save_bytes / (8 * efficiency.FILES) / 3600


def scales(config: RunConfig, sizes: Sequence[tuple[str, str, int]] = SIZES) -> list[Scale]:
    """The configuration with each model (hub id, GPU, GPUs an engine) on the fewest nodes, a power of two, that hold it."""
    return [_smallest(config, *size) for size in sizes]


def _smallest(config: RunConfig, model: str, gpu: str, engine: int) -> Scale:
    for nodes in (1, 2, 4, 8, 16, 32, 64):
        made = plan(_sized(config, model, gpu, engine, nodes))
        if not any(stage.problems for stage in made.stages):
            return Scale(made, nodes, made.config.execution.shards)
    raise UserError(f"{model}: does not fit on 64 nodes. Take GPUs with more memory.")


def _sized(config: RunConfig, model: str, gpu: str, engine: int, nodes: int) -> RunConfig:
    changes: dict[str, Any] = config.model_dump(mode="json")
    changes["base_model"] |= {"type": "hub", "id": model}
    changes["execution"]["vllm"]["tensor_parallel_size"] = engine
    changes["hardware"] |= {"gpu": gpu, "nodes": dict.fromkeys(changes["hardware"]["nodes"], nodes)}
    if nodes * changes["execution"]["processes"] > changes["coldstart"]["batch_size"]:
        changes["coldstart"]["batch_size"] = nodes * changes["execution"]["processes"]
    changes["reward_model"]["micro_batch_size"] = max(1, min(8, 256 // (nodes * changes["execution"]["processes"])))
    if models.by_id(model) is None:
        raise UserError(f"{model}: not in known_models.yaml. Add its shape there.")
    return RunConfig.model_validate_json(json.dumps(changes))
