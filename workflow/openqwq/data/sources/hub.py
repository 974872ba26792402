"""Data sets of the Hugging Face hub, at the revision named in the configuration, streamed batch by batch."""

from collections.abc import Iterator
from itertools import islice

from openqwq.config.curate import HubSource
from openqwq.data.rows import Malformed, Row, as_text
from openqwq.data.sources.hub_rows import Place, stream
from openqwq.data.sources.mapping import Mapping
from openqwq.data.sources.reading import Reading
from openqwq.data.sources.unreadable import Unreadable


def rows(source: HubSource, seed: int, reading: Reading) -> Iterator[Row | Malformed | None]:  # noqa: ARG001  nothing is drawn
    """The mapped rows in the order of the data set, None for those of other shards. Code of the repository is never executed."""
    mapping = Mapping(source)
    place = Place(source.id, source.revision, source.subset, source.split)
    instead = "download the files and use a source of type file"
    found = stream(place, reading.mine(), f"curate.sources.{source.name}", instead, source.limit)
    for number, raw in enumerate(islice(found, source.limit), 1):
        if raw is None:
            yield None
            continue
        try:
            yield mapping.row(raw)
        except Unreadable as error:
            yield Malformed(f"{source.id}, row {number}", str(error), as_text(raw), error.kind)
    reading.unseen, reading.offered = mapping.unseen, mapping.offered
