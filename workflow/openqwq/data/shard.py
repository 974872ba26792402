"""The first phase of curation: one shard of every source, read as a stream, through the steps that judge a row by itself.

A shard takes the rows whose number within their source leaves the rest i when divided by N. Each row carries its place in the
one order of all rows (`ord`), so that the second phase restores that order whatever N was.

    {problems,traces,preferences}.parquet   the rows kept, with the columns of SHARD
    rejected, contamination, funnel         the account, which the second phase merges
    sources.json                            what was seen of each source, which only all shards together can judge
"""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import pyarrow as pa

from openqwq.artifacts.files import write_json
from openqwq.artifacts.schemas import PREFERENCE, PROBLEM, SHARD, TRACE
from openqwq.artifacts.shards import Shard
from openqwq.artifacts.streams import TableWriter
from openqwq.config.curate import CurateConfig
from openqwq.data import sources
from openqwq.data.ledger import ledger
from openqwq.data.rows import Malformed, Row
from openqwq.data.sources.reading import Reading
from openqwq.data.steps.keys import keys
from openqwq.data.steps.registry import REGISTRY, Context
from openqwq.progress import Progress

SCHEMAS = {"problems": PROBLEM, "traces": TRACE, "preferences": PREFERENCE}
BATCH = 2048  # rows that are in memory as Python objects
NUMBER_BITS = 40  # of `ord`: rows of one source
SEEN = "sources.json"


def with_keys(role: str) -> pa.Schema:
    """The schema of a role's table in a shard."""
    return pa.schema([*SCHEMAS[role], *SHARD])


def run(config: CurateConfig, context: Context, seed: int, shard: Shard, folder: Path, progress: Progress) -> None:
    """Fills `folder`. Raises `UserError` where a source cannot be had or too many of its rows are malformed."""
    with ExitStack() as stack:
        account = stack.enter_context(ledger(folder))
        tables = {role: stack.enter_context(TableWriter(folder / f"{role}.parquet", with_keys(role))) for role in SCHEMAS}
        steps = {name: REGISTRY[name].make(context) for name in config.steps if name in REGISTRY}
        readings: dict[str, Reading] = {}
        for position, source in enumerate(config.sources):
            seen = 0
            reading = readings[source.name] = Reading(shard.index, shard.count)
            account.funnel.passed(source.role, source.name, "read", 0, 0, 0.0)
            for raw in _batched(sources.stream(source, seed, config.max_malformed, reading)):
                malformed = [(position << NUMBER_BITS | n, row) for n, row in raw if isinstance(row, Malformed)]
                read: list[tuple[int, Row]] = [
                    (position << NUMBER_BITS | n, row) for n, row in raw if not isinstance(row, Malformed)
                ]
                account.unreadable(source.role, source.name, malformed)
                account.funnel.passed(source.role, source.name, "read", len(raw), len(read), 0.0)
                places = {id(row): place for place, row in read}
                rows = [row for _, row in read]
                for name, step in steps.items():
                    if step is not None and source.role in REGISTRY[name].roles:
                        rows = account.apply(source.role, source.name, name, rows, step, places)
                account.settle()
                if rows:
                    made = pa.Table.from_pylist(rows, schema=SCHEMAS[source.role])
                    for column in (added := keys(rows, [places[id(row)] for row in rows])).column_names:
                        made = made.append_column(SHARD.field(column), added.column(column))
                    tables[source.role].write(made)
                seen += len(raw)
                progress.update(f"source {source.name}", position + 1, len(config.sources), rows=seen)
        write_json(folder / SEEN, {name: reading.as_json() for name, reading in readings.items()})


def _batched(rows: Iterator[tuple[int, Row | Malformed]]) -> Iterator[list[tuple[int, Row | Malformed]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch
