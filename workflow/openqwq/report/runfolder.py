"""Reading a run folder: what is absent is None, what is damaged is an error that names the file."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from openqwq.artifacts.files import read_table
from openqwq.artifacts.manifest import MANIFEST, manifest_path, read_manifest
from openqwq.errors import UserError

Rows = list[dict[str, Any]]


class RunFolder:
    """`results/<run>/` as the stages left it."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise UserError(f"{path}: no such run folder. Correct the path, or run the pipeline first.")
        self.path = path

    def rows(
        self, relative: str, schema: pa.Schema, columns: list[str] | None = None, where: pc.Expression | None = None
    ) -> Rows | None:
        """The rows of a table, or some of its columns, or those rows for which `where` holds.

        Stages write a figure that is none as null, so NaN and infinities are damage.
        """
        if not (self.path / relative).is_file():
            return None
        table = read_table(self.path / relative, schema)
        if where is not None:
            table = table.filter(where)
        chosen = table.select(columns) if columns else table
        for name, column in zip(chosen.column_names, chosen.columns, strict=True):
            if pa.types.is_floating(column.type) and pc.all(pc.is_finite(column)).as_py() is False:
                raise UserError(f"{self.path / relative}: a value of the column {name!r} is no number. Rerun its stage.")
        return chosen.to_pylist()

    def json(self, relative: str) -> dict[str, Any] | None:
        """A JSON object."""
        path = self.path / relative
        if not path.is_file():
            return None
        try:
            value = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused)
        except (ValueError, RecursionError) as error:  # UTF-8 that is none is a ValueError, too
            raise UserError(f"{path}: not readable as JSON ({error}). Rerun the stage that made it.") from error
        if not isinstance(value, dict):
            raise UserError(f"{path}: not a JSON object. Rerun the stage that made it.")
        return value

    def names(self, pattern: str) -> list[str]:
        """Relative paths that match a glob, sorted."""
        return sorted(str(path.relative_to(self.path)) for path in self.path.glob(pattern))

    def manifests(self) -> dict[str, dict[str, Any]]:
        """The manifest of every artifact by its relative path, in the order in which they were finished.

        What the report itself makes is left out: it cannot tell of its own making.
        """
        artifacts = [path.parent for path in self.path.rglob(MANIFEST)]
        artifacts += [path.with_name(path.name.removesuffix("." + MANIFEST)) for path in self.path.rglob("*." + MANIFEST)]
        made = {}
        for path in artifacts:
            name = path.relative_to(self.path)
            hidden = any(part.startswith(".") for part in name.parts)
            if not hidden and path.exists() and manifest_path(path).is_file():
                made[str(name)] = read_manifest(path)
        made = {name: manifest for name, manifest in made.items() if manifest.get("stage") != "report"}
        return dict(sorted(made.items(), key=lambda item: (str(item[1].get("finished", "")), item[0])))


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
