"""The whole configuration of a run as Pydantic models; unknown keys are errors."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints, ValidationError, model_validator

from openqwq.config.agents import bounded
from openqwq.config.agreement import disagreements
from openqwq.config.base import Positive, Rate, Share, Slug, Strict
from openqwq.config.curate import CurateConfig
from openqwq.config.evaluate import CONVERSATIONS, Benchmark, EvaluateConfig, drawable
from openqwq.config.hardware import Hardware, PlanConfig
from openqwq.config.model import BaseModelSource, Dtype
from openqwq.config.registry import resolve
from openqwq.config.traces import SampleTracesConfig
from openqwq.config.train import GrpoConfig, ProfileConfig, RewardModelConfig, SftConfig
from openqwq.config.vllm import VllmConfig
from openqwq.errors import UserError


class ReportConfig(Strict):
    """What the report shows."""

    title: str | None = None
    samples: Positive = 4  # completions shown for each stage and benchmark


class Saving(Strict):
    """After how many optimizer steps each stage saves its training state, and how many saves are kept."""

    coldstart: Positive = 50
    reason: Positive = 1
    reward_model: Positive = 50
    general: Positive = 1
    evaluate: Positive = 4  # no steps: completions that it, or profile, draws between two saves, in units of generation_batch
    keep: Annotated[int, Field(ge=2)] = 2  # a kill may tear the one being written


class Bounds(Strict):
    """Shares above which a stage stops, because what it measures or trains on can no longer be trusted.

    Those from `no_thinking` to `special_cased` are of the `correct` completions of an RL stage (docs/verifiers.md); 1 never stops
    it. `entropy` is no share, and a lower bound; `dead_steps` is a number. The last two belong to the over-optimisation watch
    (docs/reward.md).
    """

    unscorable: Share = 0.05  # completions that could not be judged
    disagreement: Share = 0.2  # math verdicts of an RL stage on which math-verify says otherwise
    no_thinking: Share = 1.0
    several_boxes: Share = 0.5
    reference_copied: Share = 0.1
    special_cased: Share = 0.05
    entropy: float = Field(default=0.0, ge=0.0)  # nats a token, mean of an RL stage's last five steps; 0 never stops it
    dead_steps: int = Field(default=10, ge=0)  # batches of rollouts in a row, or all of a stage, without a live group; 0: never
    watch_rules: Share = 0.1  # fall of the rules' score over the watch's window while the reward model's rises; 1 never stops it
    watch_length: Rate = 0.5  # growth of length over that window, of what it was, while the longer pleases the reward model more


class Execution(Strict):
    """How a run is carried out. Changing it reruns nothing; what of it can change samples is recorded in manifests."""

    generation_batch: Positive = 64  # sequences decoded together
    engine: str = Field(default="transformers", pattern="^(transformers|vllm)$")
    vllm: VllmConfig = VllmConfig()
    # Of the weights while sampling; auto: bfloat16 where the hardware multiplies in it, else float32.
    generation_dtype: Literal["auto"] | Dtype = "auto"
    verifier_workers: Positive = 2
    # Of `openqwq serve-reward`, which scores instead of the stage itself: http://host:port or unix:/path/of/the.socket.
    reward_service: Annotated[str, StringConstraints(pattern=r"^(http://[^/\s]+:\d+|unix:/\S+)$")] | None = None
    processes: Positive = 1  # that train together on each node, one a GPU; they share a batch, whose size stays
    launch_file: str | None = None  # for `accelerate launch`; by default the one for this machine in config/accelerate
    shards: Positive = 1  # parts in which curate reads the sources, each a job of its own; the tables are the same for any number
    profile_shards: Positive = 1  # parts in which the training problems are profiled, each a job of its own with its own engine
    evaluate_shards: Positive = 1  # parts in which each checkpoint is sampled, by problem, each a job of its own
    saving: Saving = Saving()
    bounds: Bounds = Bounds()
    # Where the curves of training go besides metrics.parquet; their packages are not part of the environment (docs/rl.md).
    trackers: list[Literal["trackio", "tensorboard", "wandb"]] = []

    @model_validator(mode="after")
    def _engine(self) -> "Execution":
        if self.engine != "vllm" and self.vllm != VllmConfig():
            raise ValueError(f"vllm: its settings have no effect with engine {self.engine}; set engine: vllm or leave them out")
        return self


class RunConfig(Strict):
    """One configuration carried through the stages; everything it makes lies under `<results>/<run>/`."""

    run: Slug
    seed: int = Field(default=1, ge=0, lt=2**31)
    results: str = "results"
    base_model: BaseModelSource
    benchmarks: list[Benchmark] = []
    curate: CurateConfig
    coldstart: SftConfig
    profile: ProfileConfig
    reason: GrpoConfig
    reward_model: RewardModelConfig
    general: GrpoConfig
    sample_traces: SampleTracesConfig = SampleTracesConfig()
    evaluate: EvaluateConfig = EvaluateConfig()
    report: ReportConfig = ReportConfig()
    execution: Execution = Execution()
    hardware: Hardware = Hardware()
    plan: PlanConfig = PlanConfig()

    @model_validator(mode="after")
    def _consistent(self) -> "RunConfig":
        try:
            played = [benchmark for benchmark in self.benchmarks if benchmark.name in CONVERSATIONS]
            longest = max([self.evaluate.sampling.max_tokens, *(benchmark.max_tokens or 0 for benchmark in played)])
            wanted = self.curate.held_out.agent > 0 or bool(played)
            bounded(self.evaluate, wanted, longest, "curate.held_out.agent or a benchmark bfcl_multi_turn_…")
        except ValueError as error:
            raise ValueError(f"evaluate.{error}") from error
        for domain, mix in self.reason.domains.items():
            if "reward_model" in mix.rewards:
                raise ValueError(f"reason.domains.{domain}.rewards: no reward_model here; this stage trains on verifiers only")
        for name, stage in (("reason", self.reason), ("general", self.general)):
            default = GrpoConfig.model_fields["pass_rate"].default
            if stage.pass_rate != default and not stage.domains.keys() & self.profile.problems.keys():
                raise ValueError(
                    f"{name}.pass_rate: none of the stage's domains is in profile.problems, so no pass rate is known"
                )
            if stage.unprofiled and not stage.domains.keys() & self.profile.problems.keys():
                raise ValueError(
                    f"{name}.unprofiled: none of the stage's domains is in profile.problems, so all are drawn; leave it out"
                )
        drawable(self.benchmarks, self.evaluate.sampling)
        names = [b.name for b in self.benchmarks]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"benchmarks: {twice[0]!r} is listed twice")
        known = {*names, *(d for d, n in self.curate.held_out.model_dump().items() if n and d not in ("traces", "preferences"))}
        for name in self.evaluate.gate.benchmarks:
            if name not in known:
                raise ValueError(f"evaluate.gate.benchmarks: {name!r} is not evaluated; known: {', '.join(sorted(known))}")
        for message in disagreements(self):
            raise ValueError(message)
        if self.hardware.has_gpu() and self.execution.processes > self.hardware.gpus_per_node:
            raise ValueError(
                f"execution.processes {self.execution.processes}: one a GPU, and hardware.gpus_per_node is "
                f"{self.hardware.gpus_per_node}"
            )
        return self


def load(value: dict[str, Any], where: str) -> RunConfig:
    """Validates a configuration, sources and presets used by name resolved. `where` is the file's name.

    Raises `UserError` naming each key that does not fit.
    """
    from openqwq.config import presets

    resolved = _scientific(presets.resolve(resolve(value, where), where))
    try:
        # Validated as JSON: lists may stand for tuples, while numbers are still not read from text.
        return RunConfig.model_validate_json(json.dumps(resolved, default=str))
    except ValidationError as error:
        raise UserError(explain(error, where)) from error


def _scientific(value: Any) -> Any:
    """YAML 1.1 reads `1e-5` as text; YAML 1.2, and everybody who writes a learning rate, as a number."""
    if isinstance(value, dict):
        return {str(key): _scientific(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_scientific(item) for item in value]
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+", value):
        return float(value)
    return value


def load_file(path: Path) -> RunConfig:
    """Reads and validates a YAML file."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file. Give an existing configuration, such as config/demo.yaml.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not readable as YAML ({' '.join(str(error).split())}).") from error
    if not isinstance(value, dict):
        raise UserError(f"{path}: a configuration is a mapping of keys, this is {type(value).__name__}.")
    return load(value, str(path))


def explain(error: ValidationError, where: str) -> str:
    """A validation error as one paragraph: key, what is wrong, remedy."""
    parts = []
    for item in error.errors(include_url=False, include_context=False):
        key = ".".join(str(p) for p in item["loc"] if not str(p).startswith("function-")) or "(whole file)"
        if item["type"] == "extra_forbidden":
            parts.append(f"unknown key {key!r}")
        elif item["type"] == "missing":
            parts.append(f"key {key!r} is missing")
        else:
            got = item.get("input")
            shown = f", got {got!r}" if isinstance(got, str | int | float | bool) else ""
            parts.append(f"{key}: {item['msg'].removeprefix('Value error, ')}{shown}")
    return f"{where}: {'; '.join(parts)}. Correct the configuration; config/README.md lists every key."
