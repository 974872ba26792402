"""Procedural math problems of the reasoning-gym package, in our own words; as traces, with worked steps."""

from collections.abc import Iterator
from dataclasses import fields

from openqwq.config.curate import ReasoningGymSource
from openqwq.data.rows import Row, make_row, prompt, thought
from openqwq.data.seeds import derive
from openqwq.data.sources.reading import Reading
from openqwq.data.sources.reasoning_gym.package import dataset_classes
from openqwq.data.sources.reasoning_gym.steps import WRITERS
from openqwq.data.sources.reasoning_gym.tasks import TASKS
from openqwq.errors import UserError

MARK = "Put the final answer in \\boxed{}."


def rows(source: ReasoningGymSource, seed: int, reading: Reading) -> Iterator[Row | None]:
    """`source.size` rows, repeats included (deduplication drops them), None for those of other shards.

    Raises `UserError` for what the config gets wrong.
    """
    task = TASKS.get(source.task)
    if task is None:
        raise UserError(
            f"curate.sources.{source.name}.task: unknown task {source.task!r}. Use one of {', '.join(sorted(TASKS))}."
        )
    writer = WRITERS.get(source.task)
    if source.role == "traces" and writer is None:
        raise UserError(
            f"curate.sources.{source.name}: the task {source.task!r} has no worked steps, so it cannot be used as traces. "
            f"Use it as problems, or one of {', '.join(sorted(WRITERS))}."
        )
    if source.role == "preferences":
        raise UserError(f"curate.sources.{source.name}.role: reasoning_gym makes problems and traces, not preferences.")
    dataset, settings = dataset_classes(task.module)
    known = sorted({field.name for field in fields(settings)} - {"seed", "size"})
    unknown = sorted(set(source.params) - set(known))
    if unknown:
        raise UserError(
            f"curate.sources.{source.name}.params: unknown key {unknown[0]!r} for the task {source.task!r}. "
            f"It knows {', '.join(known)}."
        )
    try:
        made = dataset(settings(**source.params, seed=derive(seed, source.name), size=source.size))
    except (AssertionError, TypeError, ValueError) as error:
        raise UserError(f"curate.sources.{source.name}.params: refused by the task {source.task!r} ({error}).") from error
    for index, is_mine in zip(range(min(source.size, source.limit or source.size)), reading.mine(), strict=False):
        if not is_mine:
            yield None
            continue
        entry = made[index]
        question, answer = task.word(entry)
        messages = prompt(f"{question}\n{MARK}")
        metadata = {"generator": f"reasoning_gym/{source.task}", "index": index, "licence": source.licence}
        row = make_row(
            source.name,
            "math",
            messages,
            verifier="math",
            reference={"answer": answer, "form": "number"},  # the question itself has the value that is asked for
            metadata=metadata | _level(entry),
        )
        if source.role == "traces" and writer is not None:
            row["completion"] = thought(writer(entry["metadata"]), f"\\boxed{{{answer}}}")
        yield row


def _level(entry: Row) -> dict[str, int]:
    return {key: entry["metadata"][key] for key in ("num_terms", "num_digits") if key in entry["metadata"]}
