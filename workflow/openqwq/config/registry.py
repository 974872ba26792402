"""Sources by name: `{use: deepscaler, limit: 8000}` takes `config/sources/deepscaler.yaml` and overrides keys of it.

Resolved before validation, so that the run's record, the stage's fingerprint and every error message see the whole source.
"""

import difflib
from pathlib import Path
from typing import Any

import yaml

from openqwq.errors import UserError

SHIPPED = Path(__file__).resolve().parents[3] / "config" / "sources"


def folders(kind: str = "sources") -> list[Path]:
    """Where source files are looked for: a user's own `config/sources` in the working directory goes before ours.

    `kind` is the folder's name; `presets` (presets.py) are found in the same way.
    """
    own, shipped = Path("config") / kind, SHIPPED.parent / kind
    return [own, shipped] if own.is_dir() and own.resolve() != shipped else [shipped]


def known(kind: str = "sources") -> dict[str, Path]:
    """Every source that can be used by name, with its file, sorted by name."""
    found = {path.stem: path for folder in reversed(folders(kind)) for path in folder.glob("*.yaml")}
    return dict(sorted(found.items()))


def resolve(value: dict[str, Any], where: str) -> dict[str, Any]:
    """The configuration with each `use` of `curate.sources` replaced by the source it names.

    What has not the shape of a configuration is passed on for validation to name. Raises `UserError` for a name that is not
    known, a file that is no source, and a hub source that nobody has pinned to a revision.
    """
    curate = value.get("curate")
    sources = curate.get("sources") if isinstance(curate, dict) else None
    if not isinstance(sources, list):
        return value
    made = [_source(item, f"{where}: curate.sources.{at}") if _uses(item) else item for at, item in enumerate(sources)]
    return {**value, "curate": {**curate, "sources": made}}  # type: ignore[dict-item]  # a dict, or there were no sources


def _uses(item: Any) -> bool:
    return isinstance(item, dict) and "use" in item


def _source(item: dict[str, Any], key: str) -> dict[str, Any]:
    name, changes = item["use"], {k: v for k, v in item.items() if k != "use"}
    files = known()
    if not isinstance(name, str) or name not in files:
        near = difflib.get_close_matches(str(name), files, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise UserError(
            f"{key}.use: there is no source {name!r}.{meant} Known are {', '.join(files) or 'none'}; "
            f"add your own as {Path('config') / 'sources' / 'NAME.yaml'}, or write the source out."
        )
    source = {"name": name, **read(files[name], "source"), **changes}
    if source.get("type") == "hub" and source.get("revision") is None:
        raise UserError(
            f"{key}: the source {name!r} is not pinned to a revision. Look at the commits of {source.get('id')} on the hub and "
            "add the one you mean: revision: <40 hexadecimal digits>."
        )
    return source


def read(path: Path, what: str) -> dict[str, Any]:
    """A file that can be used by name. Raises `UserError` where it is not readable, or no mapping."""
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: not readable as YAML ({' '.join(str(error).split())}). Mend the file.") from error
    if not isinstance(value, dict) or "use" in value:
        raise UserError(f"{path}: a {what} is a mapping of keys that itself uses no other {what}. Mend the file.")
    return value
