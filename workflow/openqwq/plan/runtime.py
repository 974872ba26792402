"""Whether the time that jobs are given suffices for what a plan predicts.

A stage that is stopped goes on in its next attempt from where it was, so what counts is the sum over the attempts. A plan is an
estimate, within a factor of two of the runs that it was tried on: a lack of time is said and stops nothing.
"""

from collections.abc import Callable, Sequence

from openqwq.plan.run_plan import RunPlan
from openqwq.plan.stage_plan import StagePlan

# The jobs that do a stage's work, where they are not named as the stage is.
RULES = {"profile": "profile_shard", "evaluate": "evaluate_shard"}


def short_of_time(made: RunPlan, runtimes: Callable[[str], Sequence[float]]) -> list[str]:
    """A sentence for each stage whose jobs are given less than the plan says.

    `runtimes(rule)` are the minutes of each attempt of the rule's job, one after another; none where there is no limit.
    """
    return [said for stage in made.stages if (said := _short(stage, runtimes(RULES.get(stage.name, stage.name))))]


def _short(stage: StagePlan, minutes: Sequence[float]) -> str:
    hours = stage.job_hours
    if hours is None or not minutes:
        return ""
    given = sum(minutes) / 60
    if hours <= given:
        return ""
    rule = RULES.get(stage.name, stage.name)
    shards = f", or execution.{stage.name}_shards" if stage.name in RULES else f", or hardware.nodes.{stage.name} with nodes"
    return (
        f"{stage.name}: a job takes some {hours:.0f} h by the plan, and its {len(minutes)} attempts get {given:.0f} h in all. "
        f"Raise runtime of {rule} or retries in the profile{shards}; otherwise start the same command again when it has ended, "
        "and it goes on from its last save"
    )


def attempts(hours: float, minutes: Sequence[float]) -> int | None:
    """How many attempts of these lengths so many hours take; None where all of them do not suffice."""
    left = hours * 60
    for number, length in enumerate(minutes, 1):
        left -= length
        if left <= 0:
            return number
    return None


def lines(made: RunPlan, runtimes: Callable[[str], Sequence[float]]) -> list[str]:
    """What a dry run says of each stage: hours of one job, and how many of its attempts they take."""
    said = []
    for stage in made.stages:
        minutes = runtimes(RULES.get(stage.name, stage.name))
        if stage.job_hours is None or not minutes:
            continue
        number = attempts(stage.job_hours, minutes)
        taken = "more than all" if number is None else str(number)
        said.append(
            f"  {stage.name}: {stage.job_hours:.1f} h a job, {minutes[0] / 60:.3g} h at first: {taken} of {len(minutes)} attempts"
        )
    return ["attempts, by the profile's runtime and retries:", *said, ""] if said else []
