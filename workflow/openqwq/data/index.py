"""The small columns of all rows of one role, in DuckDB on disk: duplicates, near-duplicates, what is held out, what is mixed.

Nothing here reads a text. Better rows come first: those with the better reference, then those of the earlier source. DuckDB
keeps to its memory limit and spills the rest beside its database.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from openqwq.config.curate import Mix, NearDuplicates
from openqwq.data.steps.near_duplicates import Shingles, drops
from openqwq.errors import UserError

MEMORY = "1GB"
Drops = dict[int, str]  # ord -> reason


class Index:
    """The rows of one role that are still in, as the table `k`. Steps take rows out of it and say why."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, files: list[Path]) -> None:
        self._db = connection
        names = [str(file) for file in files]
        self._db.execute(
            "CREATE OR REPLACE TABLE k AS SELECT ord, id, source, domain, verifier IS NOT NULL AS judged, key, rank, quality,"
            " gold, pass_rate FROM read_parquet($files)",
            {"files": names},
        )
        self._files = names

    def counts(self) -> dict[str, int]:
        """Rows by source, in the order of the sources."""
        return dict(self._db.execute("SELECT source, count(*) FROM k GROUP BY source ORDER BY min(ord)").fetchall())

    def places(self) -> np.ndarray:
        """The `ord` of all rows, sorted."""
        return self._column("SELECT ord FROM k ORDER BY ord")

    def take_out(self, gone: np.ndarray) -> None:
        """Removes the rows with these `ord`."""
        self._put("gone", ord=gone)
        self._db.execute("DELETE FROM k WHERE ord IN (SELECT ord FROM gone)")

    def same_rows(self) -> Drops:
        """Rows that ask (and, in traces and preferences, answer) what a better row does."""
        found = self._db.execute(
            "WITH best AS (SELECT ord, gold, first_value(ord) OVER w AS kept FROM k"
            " WINDOW w AS (PARTITION BY key ORDER BY quality DESC, ord))"
            " SELECT best.ord, k.id, k.source, k.gold = best.gold FROM best JOIN k ON k.ord = best.kept"
            " WHERE best.ord != best.kept"
        ).fetchall()
        says = {True: "", False: " with another gold"}
        return {place: f"same as a row that is kept{says[same]}: {id_} of {source}" for place, id_, source, same in found}

    def near_duplicates(self, bounds: NearDuplicates) -> Drops:
        """Rows that say in slightly other words what a better row says."""
        self._db.execute(
            "CREATE OR REPLACE TABLE bands AS SELECT ord, unnest(bands) AS band FROM read_parquet($files)"
            " WHERE ord IN (SELECT ord FROM k)",
            {"files": self._files},
        )
        self._db.execute(
            "CREATE OR REPLACE TABLE pairs AS"
            " WITH met AS (SELECT k.ord, k.quality, band FROM bands JOIN k USING (ord)"
            "  WHERE band IN (SELECT band FROM bands GROUP BY band HAVING count(*) > 1)),"
            " ranked AS (SELECT ord, quality, first_value(ord) OVER w AS best, lag(ord) OVER w AS next"
            "  FROM met WINDOW w AS (PARTITION BY band ORDER BY quality DESC, ord))"
            " SELECT DISTINCT unnest([best, next]) AS better, ord AS worse, quality FROM ranked WHERE next IS NOT NULL"
        )
        better, worse = (
            self._column(
                f"SELECT {name} FROM pairs JOIN k ON k.ord = better ORDER BY pairs.quality DESC, worse, k.quality DESC, better"  # noqa: S608
            )
            for name in ("better", "worse")
        )
        gone = drops(better, worse, self._shingles(), bounds)
        self._put("found", ord=np.array(list(gone)), kept=np.array([kept for kept, _ in gone.values()], np.int64))
        named = self._db.execute("SELECT found.ord, k.id, k.source FROM found JOIN k ON k.ord = found.kept").fetchall()
        return {
            place: f"nearly the same as a row that is kept: {i} of {s}, similarity {gone[place][1]:.2f}" for place, i, s in named
        }

    def _shingles(self) -> Shingles:
        table = self._db.sql(
            "SELECT ord, gold, shingles FROM read_parquet($files)"
            " WHERE ord IN (SELECT better FROM pairs UNION SELECT worse FROM pairs) ORDER BY ord",
            params={"files": self._files},
        ).to_arrow_table()
        lists = table.column("shingles").combine_chunks()
        lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
        return Shingles(
            table.column("ord").to_numpy(),
            table.column("gold").to_numpy(),
            lists.offsets.to_numpy() - (lists.offsets[0].as_py() if len(lists) else 0),
            lists.flatten().to_numpy(),
        )

    def first(self, count: int, domain: str | None = None, sources: Sequence[str] = ()) -> np.ndarray:
        """The `ord` of the `count` rows with the smallest ranks, sorted; those of `sources` come before all others.

        With a domain, of its rows that a verifier can judge.
        """
        where = "TRUE" if domain is None else "domain = $domain AND judged"
        order = "NOT list_contains($sources, source), rank, ord"
        query = f"SELECT ord FROM (SELECT ord FROM k WHERE {where} ORDER BY {order} LIMIT {int(count)}) ORDER BY ord"  # noqa: S608
        return self._column(query, sources=[*sources, ""], **({} if domain is None else {"domain": domain}))

    def of(self, sources: Sequence[str]) -> Drops:
        """Rows of sources that are for evaluation alone."""
        query = "SELECT ord FROM k WHERE list_contains($sources, source) ORDER BY ord"
        return {int(place): "its source is for evaluation alone" for place in self._column(query, sources=[*sources, ""])}

    def beside(self, taken: np.ndarray) -> Drops:
        """Rows that have the prompt of one of those taken."""
        self._put("taken", ord=taken)
        found = self._db.execute(
            "SELECT ord FROM k WHERE ord NOT IN (SELECT ord FROM taken)"
            " AND rank IN (SELECT rank FROM k WHERE ord IN (SELECT ord FROM taken)) ORDER BY ord"
        ).fetchall()
        return {place: "the prompt of a row that is held out" for (place,) in found}

    def outside(self, low: float, high: float) -> Drops:
        """Rows whose stored pass rate lies outside the window. Raises `UserError` where no row has one."""
        rows, rates = self._db.execute("SELECT count(*), count(pass_rate) FROM k").fetchall()[0]
        if rows and not rates:
            raise UserError(
                "curate.pass_rate: none of the problems has a pass rate. Map the column of a source that holds it to "
                "metadata.pass_rate, or take pass_rate out of the configuration."
            )
        query = "SELECT ord, pass_rate FROM k WHERE pass_rate < $low OR pass_rate > $high"
        found = self._db.execute(query, {"low": low, "high": high}).fetchall()
        return {place: f"pass rate outside {low:g} to {high:g}: {rate:g}" for place, rate in found}

    def beyond(self, mix: dict[str, Mix]) -> Drops:
        """Rows past what the mixture takes of their source: those with the largest ranks.

        The weighted sources of the role stand in proportion to their weights: as many rows as the scarcest allows.
        """
        have = self.counts()
        take = {name: min(have[name], mix[name].cap or have[name]) for name in have if name in mix}
        weights = {name: weight for name in take if (weight := mix[name].weight) is not None}
        scale = min((take[name] / weight for name, weight in weights.items()), default=0.0)
        take |= {name: int(scale * weight + 1e-9) for name, weight in weights.items()}
        gone: Drops = {}
        for name, count in take.items():
            query = "SELECT ord FROM k WHERE source = $source ORDER BY rank, ord OFFSET $count"
            found = self._db.execute(query, {"source": name, "count": count}).fetchall()
            gone |= {place: f"beyond the mixture: {count} rows of {name} are taken" for (place,) in found}
        return gone

    def _column(self, query: str, **values: Any) -> np.ndarray:
        return self._db.sql(query, params=values).to_arrow_table().column(0).to_numpy().astype(np.int64)

    def _put(self, name: str, **columns: np.ndarray) -> None:
        self._db.register("given", pa.table({key: pa.array(value, pa.int64()) for key, value in columns.items()}))
        self._db.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM given")  # noqa: S608
        self._db.unregister("given")


@contextmanager
def database(folder: Path, threads: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in `folder`, which is removed with it. What a full disk says becomes a `UserError`."""
    try:
        with duckdb.connect(str(folder / "index.duckdb")) as connection:
            connection.execute(f"SET memory_limit='{MEMORY}'")
            connection.execute(f"SET threads={int(threads)}")
            connection.execute("SET preserve_insertion_order=false")
            connection.execute(f"SET temp_directory='{folder / 'spill'}'".replace("\\", "/"))
            yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.HTTPException) as error:
        cause = " ".join(str(error).split())[:300]
        raise UserError(
            f"{folder}: curation cannot compare the rows there ({cause}). Make room on that disk (or memory) and start again; "
            "nothing was published."
        ) from error
