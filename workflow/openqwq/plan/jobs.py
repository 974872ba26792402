"""What the jobs of the stages are given, beside what the plan counts with: GPUs, nodes, and time.

All are said and stop nothing. Attempts add up, for a stage that is stopped goes on in the next one from where it was; and a
plan is an estimate, within a factor of two of the runs that it was tried on.
"""

from collections.abc import Callable, Collection
from difflib import get_close_matches

from openqwq.errors import UserError
from openqwq.plan.run_plan import RunPlan
from openqwq.plan.stage_plan import StagePlan

# The jobs that do a stage's work, where they are not named as the stage is.
RULES = {"profile": "profile_shard", "evaluate": "evaluate_shard"}
MOST = 100  # attempts that are looked at

# Minutes that an attempt, from 1, of a rule's job is given; None where there is no limit, or none that is known.
Runtime = Callable[[str, int], float | None]


def remarks(made: RunPlan, gpus: Callable[[str], bool], nodes: Callable[[str], int], runtime: Runtime) -> list[str]:
    """A paragraph for each stage whose job is given no GPU, or other nodes than the plan counts with, or takes several attempts.

    Of a rule, `gpus` says whether its job has any, `nodes` on how many it starts its stage, `runtime` see above.
    """
    on_gpus = made.stages if made.gpu else []
    return [said for one in on_gpus for said in (_gpus(one, gpus), _nodes(one, nodes), _attempts(one, runtime)) if said]


def require_rules(named: Collection[str], rules: Collection[str]) -> None:
    """Raises `UserError` where resources are given to a rule that there is not: the one that is meant would do without them."""
    for name in sorted(set(named) - set(rules)):
        near = get_close_matches(name, sorted(rules), n=1)
        meant = f", perhaps {near[0]!r}" if near else ""
        raise UserError(
            f"set-resources or set-threads, in the profile or on the command line: there is no rule {name!r}. Name one of "
            f"{', '.join(sorted(rules))}{meant}."
        )


def require_nodes(rule: str, nodes: int | None, tasks: int | None) -> None:
    """Raises `UserError` for a rule that is started by `mpi` on no number of nodes, or with another number of tasks."""
    if nodes is None or nodes < 1 or tasks != nodes:
        raise UserError(
            f"the profile gives the rule {rule} mpi, nodes {nodes} and tasks {tasks}: it starts its stage once on each node. "
            "Give it nodes and as many tasks, or leave mpi, nodes, tasks and tasks_per_gpu out for one node."
        )


def attempts(hours: float, rule: str, runtime: Runtime) -> int | None:
    """How many attempts so many hours take; None where that is not known, or where `MOST` do not suffice."""
    left = hours * 60
    for attempt in range(1, MOST + 1):
        minutes = runtime(rule, attempt)
        if minutes is None:
            return None
        left -= minutes
        if left <= 0:
            return attempt
    return None


def _gpus(stage: StagePlan, gpus: Callable[[str], bool]) -> str:
    rule = RULES.get(stage.name, stage.name)
    if gpus(rule):
        return ""
    return (
        f"{stage.name}: the plan counts with GPUs, and the profile asks for none for the rule {rule}. Give it gres (or gpu) and "
        "the partition that has them."
    )


def _nodes(stage: StagePlan, nodes: Callable[[str], int]) -> str:
    if stage.name in RULES or (given := nodes(stage.name)) == stage.nodes:
        return ""
    return (
        f"{stage.name}: the plan counts with {stage.nodes} nodes (hardware.nodes.{stage.name}), and its job is given {given}. "
        "Give the rule in the profile as many nodes and tasks as hardware.nodes says; until then the plan is not of this run."
    )


def _attempts(stage: StagePlan, runtime: Runtime) -> str:
    rule = RULES.get(stage.name, stage.name)
    first, hours = runtime(rule, 1), stage.job_hours
    if first is None or hours is None or hours * 60 <= first:
        return ""
    number = attempts(hours, rule, runtime)
    many = f"{number} attempts, so retries of {number - 1} or more" if number else f"more than {MOST} attempts"
    more = f"execution.{stage.name}_shards" if rule != stage.name else "the number of nodes"
    return (
        f"{stage.name}: by the plan a job of {rule} takes {hours:.0f} h, and its first attempt gets {first / 60:.3g} h: "
        f"{many}. Each goes on from where the one before was; a longer runtime in the profile, or raising {more}, takes fewer."
    )
