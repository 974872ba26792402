"""The second phase of curation: all shards together, through the steps that need all rows of a role, to the published tables.

    problems      deduplicate → near_duplicates → split → held_out → difficulty → mix
    traces        deduplicate → near_duplicates → held_out → split → mix
    preferences   deduplicate → near_duplicates → held_out → split → mix

`held_out` drops what touches the problems that `split` took from training. The steps decide on small columns in an index on
disk; texts are only streamed, once to look for held-out problems and once to write the tables.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import CONTAMINATION, FUNNEL, REJECTED
from openqwq.artifacts.streams import TableWriter, batches, merged, ords
from openqwq.config.curate import CurateConfig
from openqwq.data.index import Drops, Index, database
from openqwq.data.ledger import PLACED_CONTAMINATION, PLACED_REJECTED, Funnel
from openqwq.data.processes import each
from openqwq.data.rows import Row, as_text
from openqwq.data.shard import SCHEMAS, SEEN
from openqwq.data.sources.reading import Reading, together
from openqwq.data.steps import decontaminate
from openqwq.data.steps.decontaminate import Evaluations
from openqwq.errors import UserError
from openqwq.progress import Progress

DOMAINS = ("math", "code", "instruction", "tool", "agent")
ROLE_STEPS = {
    "problems": ("deduplicate", "near_duplicates", "split", "held_out", "difficulty", "mix"),
    "traces": ("deduplicate", "near_duplicates", "held_out", "split", "mix"),
    "preferences": ("deduplicate", "near_duplicates", "held_out", "split", "mix"),
}


@dataclass
class Fate:
    """What became of the rows of one role."""

    gone: dict[int, tuple[str, str]] = field(default_factory=dict)  # ord -> step, reason
    held_out: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))  # traces and preferences: the table eval
    train: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))


class Gather:
    """The steps over the shards' tables. `work` is a folder for what does not fit into memory; `workers` processes."""

    def __init__(self, config: CurateConfig, shards: list[Path], work: Path, workers: int, progress: Progress) -> None:
        self.config, self.shards, self.work, self.workers, self.progress = config, shards, work, workers, progress
        self.funnel = Funnel()
        self.held_out: dict[str, list[Row]] = {}  # problems by domain
        self.fates: dict[str, Fate] = {}
        self._found: list[dict[str, Any]] = []  # of the step held_out
        self._ours = Evaluations({}, config.ngram)

    def decide(self) -> None:
        """Runs the steps. Raises `UserError` where the shards together show that a source cannot be used."""
        seen = [json.loads((folder / SEEN).read_text(encoding="utf-8")) for folder in self.shards]
        for source in self.config.sources:
            together([Reading.read(of[source.name]) for of in seen]).check(source, self.config.max_malformed)
        for folder in self.shards:
            self.funnel.add(read_table(folder / "funnel.parquet", FUNNEL))
        with database(self.work, self.workers) as connection:
            for role in SCHEMAS:
                self._role(role, Index(connection, self._files(role)))

    def write(self, folder: Path) -> None:
        """Writes the tables of training rows and held-out rows, and the account."""
        dropped = []
        for role, schema in SCHEMAS.items():
            fate = self.fates[role]
            dropped.append(self.work / f"dropped-{role}.parquet")
            with ExitStack() as stack:
                out = folder / role
                train = stack.enter_context(TableWriter(out / "train.parquet", schema))
                rest = None if role == "problems" else stack.enter_context(TableWriter(out / "eval.parquet", schema))
                rejected = stack.enter_context(TableWriter(dropped[-1], PLACED_REJECTED))
                places = np.array(sorted(fate.gone), np.int64)
                for piece in merged(self._files(role), [*schema.names, "ord"]):
                    train.write(_among(piece, fate.train).select(schema.names))
                    if rest is not None:
                        rest.write(_among(piece, fate.held_out).select(schema.names))
                    rejected.write([_rejected(role, row, *fate.gone[row["ord"]]) for row in _among(piece, places).to_pylist()])
        found = self.work / "found.parquet"
        with TableWriter(found, PLACED_CONTAMINATION) as writer:
            writer.write(sorted(self._found, key=lambda entry: entry["ord"]))
        for name, schema, more in (("rejected", REJECTED, dropped), ("contamination", CONTAMINATION, [found])):
            with TableWriter(folder / f"{name}.parquet", schema) as writer:
                for piece in merged([*(shard / f"{name}.parquet" for shard in self.shards), *more]):
                    writer.write(piece.select(schema.names))
        order = {source.name: at for at, source in enumerate(self.config.sources)}
        with TableWriter(folder / "funnel.parquet", FUNNEL) as writer:
            writer.write(sorted(self.funnel.rows(), key=lambda entry: order[entry["source"]]))

    def _role(self, role: str, index: Index) -> None:
        fate = self.fates[role] = Fate()
        steps: dict[str, Callable[[], Drops]] = {
            "deduplicate": index.same_rows,
            "near_duplicates": lambda: index.near_duplicates(self.config.near_duplicates),
            "split": lambda: self._split(role, index, fate),
            "held_out": lambda: self._touching(role, index),
        }
        if self.config.pass_rate is not None:
            low, high = self.config.pass_rate
            steps["difficulty"] = lambda: index.outside(low, high)
        if self.config.mix:
            steps["mix"] = lambda: index.beyond(self.config.mix)
        todo = [name for name in ROLE_STEPS[role] if name in self.config.steps and name in steps]
        for number, name in enumerate(todo, 1):
            with self.funnel.timed(role, name, index.counts):
                gone = steps[name]()
                fate.gone |= {place: (name, reason) for place, reason in gone.items()}
                index.take_out(np.array(list(gone), np.int64))
            self.progress.update(f"{role}: {name}", number, len(todo), dropped=len(gone))
        fate.train = index.places()

    def _split(self, role: str, index: Index, fate: Fate) -> Drops:
        """Rows held out leave the funnel here; they are not rejected."""
        if role != "problems":
            fate.held_out = self._first(index, role)
            beside = index.beside(fate.held_out)
            index.take_out(fate.held_out)
            return beside
        for domain in DOMAINS:
            if getattr(self.config.held_out, domain):
                taken = self._first(index, domain)
                self.held_out[domain] = self._rows(role, taken)
                index.take_out(taken)
        self._ours = Evaluations(self.held_out, self.config.ngram)
        return index.of(self._reserved())

    def _first(self, index: Index, key: str) -> np.ndarray:
        """As many rows as `held_out.<key>` says. Raises `UserError` where there are fewer: all would be held out."""
        count = getattr(self.config.held_out, key)
        taken = index.first(count, key if key in DOMAINS else None, self._reserved())
        if len(taken) < count and len(index.places()):
            raise UserError(
                f"curate.held_out.{key}: {count} are to be held out, and curation has left {len(taken)}. Hold out fewer, or add "
                "sources."
            )
        return taken

    def _reserved(self) -> list[str]:
        """Sources whose problems are for evaluation alone."""
        return [source.name for source in self.config.sources if source.held_out]

    def _touching(self, role: str, index: Index) -> Drops:
        if not any(self.held_out.values()):
            return {}
        jobs = [(file, index.places(), self._ours) for file in self._files(role)]
        gone: Drops = {}
        for reasons, found in each(_touch, jobs, self.workers):
            gone |= reasons
            self._found += found
        return gone

    def _rows(self, role: str, places: np.ndarray) -> list[Row]:
        table = ds.dataset([str(file) for file in self._files(role)]).to_table(
            columns=[*SCHEMAS[role].names, "ord"], filter=ds.field("ord").isin(pa.array(places))
        )
        return table.sort_by("ord").select(SCHEMAS[role].names).to_pylist()

    def _files(self, role: str) -> list[Path]:
        return [shard / f"{role}.parquet" for shard in self.shards]


def _touch(job: tuple[Path, np.ndarray, Evaluations]) -> tuple[Drops, list[dict[str, Any]]]:
    """In a process of its own: the rows of one file that touch an evaluation, and what they share with it."""
    file, places, evaluations = job
    gone: Drops = {}
    found: list[dict[str, Any]] = []
    for piece in batches(file):
        part = _among(piece, places)
        rows = part.drop_columns(["key", "rank", "bands", "shingles"]).to_pylist()
        by_id = {row["id"]: row["ord"] for row in rows}
        _, dropped, matches = decontaminate.check(rows, evaluations)
        gone |= {row["ord"]: reason for row, reason in dropped}
        found += [{**match, "ord": by_id[match["id"]]} for match in matches]
    return gone, found


def _among(table: pa.Table, places: np.ndarray) -> pa.Table:
    """The rows whose `ord` is in the sorted `places`."""
    here = ords(table)
    at = np.searchsorted(places, here)
    inside = np.zeros(len(here), bool)
    within = at < len(places)
    inside[within] = places[at[within]] == here[within]
    return table if inside.all() else table.filter(pa.array(inside))


def _rejected(role: str, row: Row, step: str, reason: str) -> dict[str, Any]:
    place = row.pop("ord")
    return {
        "source": row["source"],
        "role": role,
        "step": step,
        "reason": reason,
        "id": row["id"],
        "row": as_text(row),
        "ord": place,
    }
