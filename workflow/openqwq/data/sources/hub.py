"""Data sets of the Hugging Face hub, at the revision named in the configuration, streamed batch by batch."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa

from openqwq.config.curate import HubSource
from openqwq.data.rows import Malformed, Row, as_text
from openqwq.data.sources.mapping import Mapping
from openqwq.data.sources.reading import Reading
from openqwq.data.sources.unreadable import Unreadable
from openqwq.errors import UserError

BATCH = 1024  # rows; long traces make a larger batch heavy


def rows(source: HubSource, seed: int, reading: Reading) -> Iterator[Row | Malformed | None]:  # noqa: ARG001  nothing is drawn
    """The mapped rows in the order of the data set, None for those of other shards. Code of the repository is never executed."""
    mapping = Mapping(source)
    for number, raw in enumerate(islice(_stream(source, reading.mine()), source.limit), 1):
        if raw is None:
            yield None
            continue
        try:
            yield mapping.row(raw)
        except Unreadable as error:
            yield Malformed(f"{source.id}, row {number}", str(error), as_text(raw), error.kind)
    reading.unseen, reading.offered = mapping.unseen, mapping.offered


def _stream(source: HubSource, mine: Iterator[bool]) -> Iterator[dict[str, Any] | None]:
    """The rows that are `mine`, and None in the places of the others; those of parquet files never become Python objects."""
    # Imported here: it takes seconds, and most runs on one machine read no hub.
    import httpx
    from datasets import load_dataset

    try:
        found = load_dataset(source.id, name=source.subset, split=source.split, revision=source.revision, streaming=True)
        if found.features is None:  # types are not declared, as of JSON lines: two batches may differ in theirs
            yield from (raw if is_mine else None for raw, is_mine in zip(found, mine, strict=False))
            return
        for table in found.with_format("arrow").iter(batch_size=min(BATCH, source.limit or BATCH)):
            wanted = list(islice(mine, table.num_rows))
            columns = found.features.decode_batch(table.filter(pa.array(wanted)).to_pydict())
            values = zip(*columns.values(), strict=True)
            for is_mine in wanted:
                yield dict(zip(columns, next(values), strict=True)) if is_mine else None
    except (OSError, ValueError, RuntimeError, httpx.HTTPError) as error:
        cause = " ".join(str(error).split())[:300] or type(error).__name__
        raise UserError(
            f"curate.sources.{source.name}: the data set {source.id} at revision {source.revision} could not be read "
            f"({cause}). Check id, subset, split and revision and the network (HF_HUB_OFFLINE, HF_ENDPOINT), or download the "
            "files and use a source of type file."
        ) from error
