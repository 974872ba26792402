"""The plan of a whole configuration."""

from dataclasses import dataclass

from openqwq.config import RunConfig
from openqwq.config.model import BaseModelSource, FolderModel, HubModel
from openqwq.errors import UserError
from openqwq.plan import models, on_cpu
from openqwq.plan.architecture import Architecture
from openqwq.plan.machine import Gpu, gpu_of
from openqwq.plan.on_gpus import GpuPlanner
from openqwq.plan.stage_plan import StagePlan


@dataclass(frozen=True, slots=True)
class RunPlan:
    """`model` is None where the base model's shape is not known; then there are no stages, and `note` says why."""

    config: RunConfig
    model: Architecture | None
    gpu: Gpu | None
    stages: list[StagePlan]
    note: str = ""


def plan(config: RunConfig) -> RunPlan:
    """Memory, time and cost of each stage. Reads no more than the base model's config.json."""
    model, gpu = models.of(config.base_model), gpu_of(config.hardware)
    if model is None:
        return RunPlan(config, None, gpu, [], _unknown(config.base_model))
    stages = GpuPlanner(config, model, gpu).stages() if gpu else on_cpu.stages(config, model)
    return RunPlan(config, model, gpu, stages)


def _unknown(source: BaseModelSource) -> str:
    if isinstance(source, FolderModel):
        return f"{source.path}/config.json is not that of a Llama, a Qwen2, a Qwen3 or one of their mixtures"
    name = source.id if isinstance(source, HubModel) else getattr(source, "package", "")
    return (
        f"the shape of {name} is not known here. Download it and use base_model: {{type: folder, path: …}}, or add it to "
        "workflow/openqwq/plan/known_models.yaml"
    )


def require_fitting(made: RunPlan) -> None:
    """Raises `UserError` naming each stage that cannot run, and what to change."""
    wrong = [f"{stage.name}: {problem}" for stage in made.stages for problem in stage.problems]
    if wrong:
        raise UserError(
            f"{made.config.run} does not fit what `hardware` describes. {'. '.join(wrong)}. `openqwq plan` shows the whole table."
        )
