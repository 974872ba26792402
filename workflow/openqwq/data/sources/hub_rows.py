"""Raw rows of a data set on the Hugging Face hub at one commit, streamed batch by batch. Code of the repository is never run."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pyarrow as pa

from openqwq.errors import UserError

BATCH = 1024  # rows; long traces make a larger batch heavy
BUILDERS = {"jsonl": "json", "json": "json", "csv": "csv", "parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows stand: a data set, the commit (40 hexadecimal digits), and a subset's split or, with `files`, those files."""

    id: str
    revision: str
    subset: str | None = None
    split: str = "train"
    files: tuple[str, ...] = ()


def stream(
    place: Place, mine: Iterator[bool], where: str, instead: str, limit: int | None = None
) -> Iterator[dict[str, Any] | None]:
    """The rows that are `mine`, and None in the places of the others; those of parquet files never become Python objects.

    Raises `UserError`, which opens with `where` and ends with what to do `instead`, where they cannot be had.
    """
    # Imported here: it takes seconds, and most runs on one machine read no hub.
    import httpx
    from datasets import load_dataset

    try:
        if place.files:  # read by their own format: a loading script beside them is not looked at
            paths = [f"hf://datasets/{place.id}@{place.revision}/{file}" for file in place.files]
            builder = BUILDERS[place.files[0].rpartition(".")[2]]
            found = load_dataset(builder, data_files=paths, split="train", streaming=True)
        else:
            found = load_dataset(place.id, name=place.subset, split=place.split, revision=place.revision, streaming=True)
        if found.features is None:  # types are not declared, as of JSON lines: two batches may differ in theirs
            yield from (raw if is_mine else None for raw, is_mine in zip(found, mine, strict=False))
            return
        for table in found.with_format("arrow").iter(batch_size=min(BATCH, limit or BATCH)):
            wanted = list(islice(mine, table.num_rows))
            columns = found.features.decode_batch(table.filter(pa.array(wanted)).to_pydict())
            values = zip(*columns.values(), strict=True)
            for is_mine in wanted:
                yield dict(zip(columns, next(values), strict=True)) if is_mine else None
    except (OSError, ValueError, RuntimeError, httpx.HTTPError) as error:
        cause = " ".join(str(error).split())[:300] or type(error).__name__
        raise UserError(
            f"{where}: the data set {place.id} at revision {place.revision} could not be read ({cause}). "
            f"Check id, subset, split and revision and the network (HF_HUB_OFFLINE, HF_ENDPOINT), or {instead}."
        ) from error
