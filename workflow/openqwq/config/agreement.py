"""What the reward model, the RL stages that ask it and the gate need from other parts of a configuration."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from openqwq.config.curate import FileSource, HubSource

if TYPE_CHECKING:
    from openqwq.config import RunConfig


def disagreements(config: "RunConfig") -> Iterator[str]:
    """What is asked for but cannot be had, or would do nothing: the key, what is wrong, the remedy."""
    yield from _reward_model(config)
    yield from _general(config)
    yield from _evaluate(config)
    held_out = {domain for domain, count in config.curate.held_out.model_dump().items() if count}
    if isinstance(config.evaluate.held_out_samples, dict):
        for domain in config.evaluate.held_out_samples:
            if domain not in held_out:
                yield f"evaluate.held_out_samples.{domain}: no problem of this domain is held out; see curate.held_out"


def _evaluate(config: "RunConfig") -> Iterator[str]:
    evaluate = config.evaluate
    for benchmark in config.benchmarks:
        stages = [stage for stage in evaluate.stages if benchmark.is_of(stage)]
        if not stages:
            yield f"benchmarks: {benchmark.name}.stages names none of evaluate.stages, so it would never be drawn"
        missing = [stage for stage in ("reason", "general") if stage in evaluate.stages and stage not in stages]
        if missing and benchmark.name in evaluate.gate.benchmarks:
            yield f"benchmarks: {benchmark.name}.stages leaves out {missing[0]}, which the gate compares on this benchmark"
    if config.benchmarks and not any(config.curate.held_out.model_dump().values()):
        for stage in evaluate.stages:
            if not any(benchmark.is_of(stage) for benchmark in config.benchmarks):
                yield f"evaluate.stages: {stage} would be measured on nothing, for every benchmark's stages leave it out"


def _reward_model(config: "RunConfig") -> Iterator[str]:
    pairs = config.reward_model.verdict_pairs
    for domain in pairs.domains if pairs else ():
        if domain not in config.profile.problems:
            yield f"reward_model.verdict_pairs.domains: {domain} is not profiled; add it to profile.problems"
    if config.reward_model.margin is not None:
        sources = [source for source in config.curate.sources if source.role == "preferences"]
        mapped = [s for s in sources if isinstance(s, FileSource | HubSource) and "metadata.margin" in s.fields]
        if not mapped:
            yield "reward_model.margin: no source of preferences maps metadata.margin; map it, or leave the margin out"


def _general(config: "RunConfig") -> Iterator[str]:
    for domain, mix in config.general.domains.items():
        sources = [s for s in config.curate.sources if isinstance(s, FileSource | HubSource) and s.role == "problems"]
        unruled = [s.name for s in sources if s.domain == domain and s.verifier is None]
        if mix.reward_model_gate == "rules" and unruled:
            yield (
                f"general.domains.{domain}.reward_model_gate: rules cannot hold where there are none; the source "
                f"{unruled[0]!r} has no verifier"
            )
    scored = any("reward_model" in mix.rewards for mix in config.general.domains.values())
    if config.execution.reward_service is not None and not scored:
        yield "execution.reward_service: no domain of the stage general names the reward reward_model; leave the service out"
