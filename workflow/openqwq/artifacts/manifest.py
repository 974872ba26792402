"""Manifests: what made an artifact, from what, and the hash of every file in it.

A folder artifact carries `manifest.json` inside; a file artifact `NAME` carries `NAME.manifest.json` beside it.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openqwq.artifacts.files import write_json
from openqwq.errors import UserError

MANIFEST = "manifest.json"
# Written by the workflow engine into published folders, or by us; never part of the content.
NOT_CONTENT = {MANIFEST, ".snakemake_timestamp"}


@dataclass(frozen=True)
class Output:
    """One file of an artifact."""

    sha256: str
    bytes: int
    rows: int | None  # of a parquet table, else None

    def to_json(self) -> dict[str, Any]:
        return {"sha256": self.sha256, "bytes": self.bytes} | ({} if self.rows is None else {"rows": self.rows})


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file's bytes."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sha256_json(value: Any) -> str:
    """Hex SHA-256 of a JSON value, independent of key order."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def describe(path: Path) -> dict[str, Output]:
    """Every content file of an artifact by its relative path; a file artifact has one, under its own name."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and p.name not in NOT_CONTENT)
    root = path.parent if path.is_file() else path
    return {
        str(file.relative_to(root)): Output(sha256_file(file), file.stat().st_size, _rows(file))
        for file in files
        if not file.name.endswith("." + MANIFEST)
    }


def _rows(path: Path) -> int | None:
    if path.suffix != ".parquet":
        return None
    try:
        return int(pq.ParquetFile(path).metadata.num_rows)
    except (pa.ArrowInvalid, OSError):
        return None  # `check` reports the changed hash; a table need not be readable to be hashed


def content_hash(outputs: dict[str, Output]) -> str:
    """One hash for an artifact's whole content: over the relative paths and hashes of its files."""
    return sha256_json({name: output.sha256 for name, output in outputs.items()})


def fingerprint(stage: str, config: Any, inputs: dict[str, str], recipe_version: int, seed: int) -> str:
    """The hash of all that decides an artifact's content. `inputs` maps names to content hashes."""
    return sha256_json([stage, config, inputs, recipe_version, seed])


def manifest_path(path: Path) -> Path:
    """Where the manifest of the artifact at `path` stands."""
    return path / MANIFEST if path.is_dir() else path.with_name(f"{path.name}.{MANIFEST}")


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest of the artifact at `path`. Raises `UserError` if there is none or it is not JSON."""
    where = manifest_path(path)
    try:
        manifest = json.loads(where.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{path}: no {where.name} here, so this is not an artifact of a run. Name a stage's folder.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{where}: damaged ({error}). Rerun the stage that made it.") from error
    if not isinstance(manifest, dict) or not _lists_outputs(manifest):
        raise UserError(f"{where}: not a manifest (no 'outputs' with their hashes). Rerun the stage that made it.")
    return manifest


def _lists_outputs(manifest: dict[str, Any]) -> bool:
    outputs = manifest.get("outputs")
    return isinstance(outputs, dict) and all(isinstance(one, dict) and "sha256" in one for one in outputs.values())


def input_hash(path: Path) -> str:
    """Content hash of an input: an artifact, a file or folder inside one (from its manifest), or else from the bytes.

    A part's hash covers that part alone: curves and timings beside a checkpoint do not change what is trained from it.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder. Run the stage that makes it, or correct the path.")
    if manifest_path(path).is_file():
        return str(read_manifest(path)["content"])
    part = recorded(path)
    if part is None:
        return content_hash(describe(path))
    root = path.resolve().parent if path.is_file() else path.resolve()
    return sha256_json({str(file.relative_to(root)): digest for file, digest in part.items()})


def recorded(path: Path) -> dict[Path, str] | None:
    """The hashes of the files in `path`, from the manifest of the artifact that it is or lies in; None where there is none."""
    for folder in (path.resolve(), *path.resolve().parents):
        if (folder / MANIFEST).is_file():
            outputs = {folder / name: output["sha256"] for name, output in read_manifest(folder)["outputs"].items()}
            return {file: digest for file, digest in outputs.items() if file.is_relative_to(path.resolve())}
    return None


def write_manifest(path: Path, record: dict[str, Any]) -> None:
    """Hashes the artifact at `path` and writes its manifest: `record` plus `outputs` and `content`."""
    outputs = describe(path)
    body = record | {"outputs": {k: v.to_json() for k, v in outputs.items()}, "content": content_hash(outputs)}
    write_json(manifest_path(path), body)


def relative(path: Path, start: Path) -> str:
    """`path` as seen from the folder `start`, so that a run folder can be moved as a whole."""
    return os.path.relpath(path.resolve(), start.resolve())
