"""Makes the release folder; it appears whole, or not at all."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from openqwq.artifacts.files import publishing, write_json
from openqwq.artifacts.lineage import lineage_of_run
from openqwq.errors import UserError
from openqwq.release import card, files, licences, notices, weights
from openqwq.release.source import Source, open_source

MARK = "openqwq/lineage.json"  # by which a folder is known to be a release, and may be replaced


@dataclass(frozen=True)
class Wishes:
    """What a person asks of a release beside the run. `shard` bounds the bytes of a weight file."""

    stage: str | None = None
    name: str | None = None
    pushed: str | None = None  # hub:org/name or modelscope:org/name
    dtype: str | None = None
    base_licence: str | None = None
    licence_file: Path | None = None
    accept_undeclared: bool = False
    shard: int = weights.SHARD_BYTES


@dataclass(frozen=True)
class Release:
    """What will be written: checked, but nothing yet on disk."""

    source: Source
    facts: card.Facts
    licence_text: str
    shards: list[weights.Shard]

    def write_small(self, folder: Path) -> None:
        """Everything but the weights."""
        source, facts = self.source, self.facts
        files.write(source.checkpoint, folder, facts.dtype, source.config["evaluate"]["sampling"])
        (folder / "LICENSE").write_text(self.licence_text, encoding="utf-8")
        notice = notices.notice(source, facts.licence, facts.data, facts.origins)
        (folder / "NOTICE").write_text(notice, encoding="utf-8")
        (folder / "README.md").write_text(card.text(source, facts), encoding="utf-8")
        record = yaml.safe_dump(_without_places(source.config), sort_keys=False, allow_unicode=True)
        (folder / "openqwq").mkdir()
        (folder / "openqwq" / "config.yaml").write_text(record, encoding="utf-8")
        write_json(
            folder / MARK, {"run": source.config["run"], "stage": source.stage, "artifacts": lineage_of_run(source.run.path)}
        )

    def listing(self, folder: Path) -> list[tuple[str, int]]:
        """Name and bytes of each file, once `write_small` has filled the folder; of weights not yet written, of their tensors."""
        small = {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        return sorted((small | {s.name: small.get(s.name, s.bytes) for s in self.shards}).items())


def prepare(run: Path, wishes: Wishes) -> Release:
    """Checks all that can be wrong. Raises `UserError`."""
    source = open_source(run, wishes.stage)
    sources = source.config["curate"]["sources"]
    data = licences.used(run / "curate", sources, source.stage)
    licences.require_free(data, wishes.accept_undeclared)
    if source.base["type"] == "random" and wishes.base_licence is None:
        licence = "apache-2.0"  # random weights are nobody's work
    else:
        licence = licences.base_licence(source.base_name, wishes.base_licence)
    dtype = wishes.dtype or weights.dtype_of(source.checkpoint)
    shards = weights.plan(source.checkpoint, dtype, wishes.shard)
    width = 4 if dtype == "float32" else 2
    facts = card.Facts(
        name=wishes.name or source.config["run"],
        pushed=wishes.pushed,
        licence=licence,
        dtype=dtype,
        parameters=math.ceil(sum(shard.bytes for shard in shards) / width),
        data=data,
        origins=notices.origins(source.config),
    )
    return Release(source, facts, notices.licence_text(source, licence, wishes.licence_file), shards)


def require_place(out: Path) -> None:
    """Raises `UserError` for a place where something else than an earlier release stands."""
    if (out.exists() and not out.is_dir()) or (out.is_dir() and any(out.iterdir()) and not (out / MARK).is_file()):
        raise UserError(f"{out}: something else than a release stands there, and it would be lost. Give another --out.")


def write(release: Release, out: Path) -> list[tuple[str, int]]:
    """Writes the folder `out`, and returns its files with their bytes."""
    require_place(out)
    with publishing(out) as folder:
        release.write_small(folder)
        weights.write(release.shards, release.facts.dtype, folder)
        return release.listing(folder)


def _without_places(config: Any) -> Any:
    """The configuration, of local files and folders with the names alone, and without the address of a scoring service: where
    things lie is nobody's business."""
    if isinstance(config, dict):
        return {
            key: Path(value).name if key in ("path", "results") and isinstance(value, str) else _without_places(value)
            for key, value in config.items()
            if key != "reward_service"
        }
    return [_without_places(one) for one in config] if isinstance(config, list) else config
