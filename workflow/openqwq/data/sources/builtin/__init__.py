"""Rows that open-qwq generates itself, so that a whole run needs no data from anywhere. One generator a file (or folder)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Any

from openqwq.config.curate import BuiltinSource
from openqwq.data.normalise import normalise
from openqwq.data.rows import Message, Row, make_row, prompt
from openqwq.data.seeds import stream
from openqwq.data.sources.builtin import agents, code_functions, instructions, preferences, tool_calls
from openqwq.data.sources.builtin.draft import Draft, Pair, ParamError
from openqwq.data.sources.reading import Reading
from openqwq.errors import UserError

PATIENCE = 200  # draws in a row that bring no new prompt, after which a generator counts as exhausted


@dataclass(frozen=True)
class Generator:
    """`draw` yields drafts for ever or until its templates are used up; `params` are its settings with their defaults."""

    draw: Callable[[Random, dict[str, Any]], Iterator[Draft | Pair]]
    params: dict[str, Any]
    preferences: bool = False


REGISTRY: dict[str, Generator] = {
    "agents": Generator(agents.draw, agents.PARAMS),
    "code_functions": Generator(code_functions.draw, code_functions.PARAMS),
    "instructions": Generator(instructions.draw, instructions.PARAMS),
    "preferences": Generator(preferences.draw, preferences.PARAMS, preferences=True),
    "tool_calls": Generator(tool_calls.draw, tool_calls.PARAMS),
}


def rows(source: BuiltinSource, seed: int, reading: Reading) -> Iterator[Row | None]:
    """`source.size` rows with different prompts, None for those of other shards.

    Raises `UserError` where the generator has not that many, or for a slip in the configuration.
    """
    generator = REGISTRY[source.generator]
    where = f"curate.sources.{source.name}"
    if generator.preferences != (source.role == "preferences"):
        fits = "preferences" if generator.preferences else "problems or traces"
        raise UserError(f"{where}.role: the generator {source.generator!r} makes {fits}, not {source.role}.")
    for key, value in source.params.items():
        if key not in generator.params:
            known = ", ".join(generator.params) or "none"
            raise UserError(f"{where}.params: unknown key {key!r} for the generator {source.generator!r}; known: {known}.")
        if type(value) is not type(generator.params[key]):
            kind = type(generator.params[key]).__name__
            raise UserError(f"{where}.params.{key}: expected a value of type {kind}, got {value!r}.")
    drafts = _new(generator.draw(stream(seed, source.name), generator.params | source.params))
    wanted = min(source.size, source.limit or source.size)
    made = 0
    try:
        for draft, is_mine in zip(islice(drafts, wanted), reading.mine(), strict=False):
            made += 1
            yield _row(source, draft) if is_mine else None
    except ParamError as error:
        raise UserError(f"{where}.params.{error}.") from error
    if made < wanted:
        raise UserError(
            f"{where}.size: the generator {source.generator!r} can make {made} different rows with these params, not "
            f"{source.size}. Lower the size, or widen params."
        )


def _new(drafts: Iterator[Draft | Pair]) -> Iterator[Draft | Pair]:
    """The drafts whose prompt did not come before."""
    seen: set[str] = set()
    idle = 0
    for draft in drafts:
        key = normalise(draft.prompt)
        if key in seen:
            idle += 1
            if idle >= PATIENCE:
                return
            continue
        idle = 0
        seen.add(key)
        yield draft


def _row(source: BuiltinSource, draft: Draft | Pair) -> Row:
    metadata: dict[str, Any] = {"generator": source.generator, "licence": source.licence}
    if isinstance(draft, Pair):
        chosen: list[Message] = [{"role": "assistant", "content": draft.chosen}]
        rejected: list[Message] = [{"role": "assistant", "content": draft.rejected}]
        metadata["flaw"] = draft.flaw
        return make_row(
            source.name,
            draft.domain,
            prompt(draft.prompt),
            tools=draft.tools,
            metadata=metadata,
            chosen=chosen,
            rejected=rejected,
        )
    if draft.solution is not None:
        metadata["solution"] = draft.solution
    more: dict[str, Any] = {"completion": draft.completion} if source.role == "traces" else {}
    if more and draft.turns is not None:
        more["turns"] = draft.turns
    return make_row(
        source.name,
        draft.domain,
        prompt(draft.prompt),
        verifier=draft.verifier,
        reference=draft.reference,
        tools=draft.tools,
        metadata=metadata,
        **more,
    )
