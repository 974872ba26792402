"""Writing that is never half done: tables, JSON and folders appear under their name whole, or not at all."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openqwq.artifacts.schemas import ADDED
from openqwq.errors import UserError


def conform(table: pa.Table, schema: pa.Schema, where: str) -> pa.Table:
    """The table with the schema's columns, order and types. Raises `UserError` naming the column that does not fit."""
    missing = [name for name in schema.names if name not in table.column_names]
    extra = [name for name in table.column_names if name not in schema.names]
    if missing or extra:
        problems = [f"missing column {n!r}" for n in missing] + [f"unknown column {n!r}" for n in extra]
        raise UserError(f"{where}: {', '.join(problems)}. Expected the columns {', '.join(schema.names)}.")
    columns = []
    for field in schema:
        column = table.column(field.name)
        try:
            column = column.cast(field.type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise UserError(f"{where}: column {field.name!r} is {column.type}, expected {field.type} ({error}).") from error
        if not field.nullable and column.null_count:
            row = column.is_null().to_pylist().index(True)
            raise UserError(f"{where}: column {field.name!r} is null in row {row}; it must have a value in every row.")
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=schema)


def write_table(path: Path, rows: pa.Table | list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Writes parquet atomically after checking it against `schema`; returns the table as written."""
    table = pa.Table.from_pylist(rows, schema=schema) if isinstance(rows, list) else rows
    table = conform(table, schema, str(path))
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return table


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Reads parquet and checks it against `schema`. Raises `UserError` for a missing, torn or foreign file.

    Columns that were added to a schema later (`ADDED`) are null where the table does not have them yet.
    """
    try:
        table = pq.ParquetFile(path).read()
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such file. Run the stage that makes it, or correct the path.") from error
    except (pa.ArrowInvalid, pa.ArrowIOError, OSError) as error:
        raise UserError(f"{path}: not a readable parquet file ({error}). Delete it and rerun its stage.") from error
    for name in ADDED:
        if name in schema.names and name not in table.column_names:
            table = table.append_column(name, pa.nulls(len(table), schema.field(name).type))
    return conform(table, schema, str(path))


def write_json(path: Path, value: Any) -> None:
    """Writes JSON atomically, indented, keys in the order given."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path in the same folder that becomes `path` by an atomic rename when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        os.chmod(temporary, 0o644)
        sync(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def publishing(folder: Path) -> Iterator[Path]:
    """A temporary folder beside `folder` that takes its place by a rename when the block ends well.

    What stood there before is removed only once the new folder is complete. A folder has one writer at a time, so what
    a killed one left beside it is removed here.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    for stale in folder.parent.glob(f".{folder.name}.*"):
        if stale.suffix in (".part", ".old") and stale.is_dir():
            shutil.rmtree(stale, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
    old = temporary.with_suffix(".old")
    try:
        yield temporary
        os.chmod(temporary, 0o755)  # noqa: S103  a result folder is for reading
        for path in temporary.rglob("*"):
            if path.is_file():
                os.chmod(path, 0o644)
                sync(path)
        if folder.exists():
            os.replace(folder, old)
        os.replace(temporary, folder)
    finally:
        if old.exists() and not folder.exists():  # interrupted between the two renames
            os.replace(old, folder)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def sync(path: Path) -> None:
    """Flushes a file to disk, so that a rename never publishes bytes that a power cut could take back."""
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())
