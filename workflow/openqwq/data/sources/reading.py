"""What one shard reads of a source, and what it saw there. Those of all shards together tell whether the source can be used."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from openqwq.config.curate import FileSource, HubSource, Source
from openqwq.data.rows import Malformed, printable
from openqwq.errors import UserError


@dataclass
class Reading:
    """The rows whose number leaves the rest `index` when divided by `count`; the others are passed over without parsing them."""

    index: int = 0
    count: int = 1
    total: int = 0  # rows of the source, those passed over among them
    rows: int = 0  # those that were read
    kinds: Counter[str] = field(default_factory=Counter)  # of those read that cannot be used
    first: tuple[int, str] | None = None  # the first of these: its number, and what is wrong with it
    unseen: dict[str, str] = field(default_factory=dict)  # target of each mapped column that had no value in any of them
    offered: list[str] = field(default_factory=list)  # columns of the first row that was read

    def mine(self) -> Iterator[bool]:
        """For each row of the source in order whether it is read, without end."""
        return cycle([at == self.index for at in range(self.count)])

    def unusable(self, number: int, row: Malformed) -> None:
        """Counts a row that cannot be used."""
        self.kinds[row.kind] += 1
        if self.first is None:
            self.first = (number, f"{printable(row.where)}: {row.kind}: {printable(row.reason)}")

    def check(self, source: Source, max_malformed: float) -> None:
        """Raises `UserError` where the source is empty, a mapped column is in no row, or too many rows cannot be used.

        Of a part of the rows it judges only what holds whatever the other shards find.
        """
        key = f"curate.sources.{source.name}"
        if self.total == 0:
            raise UserError(f"{key}: the source is empty. Correct it, or take it out of the configuration.")
        if self.unseen and self.offered:
            if self.rows == self.total:
                raise _absent(source, key, *next(iter(self.unseen.items())), self.offered)
            return  # another shard may have seen them; if none has, this is the cause of all else
        most = max_malformed if source.max_malformed is None else source.max_malformed
        if self.first is not None and self.kinds.total() > most * self.total:
            counted = ", ".join(f"{kind}: {n}" for kind, n in sorted(self.kinds.items(), key=lambda item: (-item[1], item[0])))
            raise UserError(
                f"{key}: {self.kinds.total()} of {self.total} rows cannot be used ({counted}), more than the share of {most:g} "
                f"that max_malformed allows. The first: {self.first[1]}. "
                "Mend the data or the mapping, or raise max_malformed of the source or of curate."
            )

    def as_json(self) -> dict[str, Any]:
        """What `read` takes."""
        return vars(self) | {"kinds": dict(self.kinds)}

    @classmethod
    def read(cls, value: dict[str, Any]) -> "Reading":
        """From what `as_json` gave, be it written and read again."""
        first = value["first"]
        return cls(**{**value, "kinds": Counter(value["kinds"]), "first": None if first is None else (first[0], first[1])})


def together(readings: Sequence[Reading]) -> Reading:
    """The readings of all shards of one source as one."""
    firsts = [reading.first for reading in readings if reading.first is not None]
    return Reading(
        total=readings[0].total,
        rows=sum(reading.rows for reading in readings),
        kinds=sum((reading.kinds for reading in readings), Counter()),
        first=min(firsts, default=None),
        unseen={
            column: target
            for column, target in readings[0].unseen.items()
            if all(column in reading.unseen for reading in readings)
        },
        offered=next((reading.offered for reading in readings if reading.offered), []),
    )


def _absent(source: Source, key: str, column: str, target: str, offered: list[str]) -> UserError:
    """A mapped column that no row had: a slip in the configuration."""
    where = source.path if isinstance(source, FileSource) else source.id if isinstance(source, HubSource) else source.name
    return UserError(
        f"{key}.fields.{target}: no row of {where} has a value in column {column!r}. "
        f"The first row's columns are {', '.join(offered)}; correct the mapping."
    )
