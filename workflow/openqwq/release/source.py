"""What a release is made from: a run's folder, the stage, and what the run tells of itself."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from openqwq.artifacts.lineage import differences
from openqwq.config import explain
from openqwq.config.evaluate import drawn_by
from openqwq.errors import UserError
from openqwq.report.runfolder import RunFolder

STAGES = ("coldstart", "reason", "general")


@dataclass(frozen=True)
class Source:
    """A stage of a run. `final` is what the gate decided, None where the run was not evaluated."""

    run: RunFolder
    stage: str
    config: dict[str, Any]
    final: dict[str, Any] | None

    @property
    def checkpoint(self) -> Path:
        return self.run.path / self.stage / "checkpoint"

    @property
    def base(self) -> dict[str, Any]:
        """The base model as configured."""
        return dict(self.config["base_model"])

    @property
    def base_name(self) -> str:
        """A hub id, or the name under which it was imported."""
        facts = self.run.manifests().get("base_model", {}).get("facts", {})
        kinds = {"hub": "id", "folder": "path"}
        key = kinds.get(self.base["type"])
        name = str(self.base.get(key) if key else facts.get("name") or self.base["type"])
        return Path(name).name if key == "path" else name  # where a folder lay on somebody's disk is nobody's business


def open_source(folder: Path, stage: str | None) -> Source:
    """The stage given, or the one that the run names as its final model.

    Raises `UserError` where there is none, it was not published, or its files are not what was published.
    """
    run = RunFolder(folder)
    try:
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        if not isinstance(config["base_model"]["type"], str) or not isinstance(config["curate"]["sources"], list):
            raise KeyError("base_model, curate")
        for key in ("run", "evaluate", "benchmarks", *STAGES):
            config[key]
        drawn_by(config)
    except ValidationError as error:
        raise UserError(explain(error, str(folder / "config.yaml"))) from error
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{folder / 'config.yaml'}: not the record of a run ({error!r}). Name a run's folder.") from error
    final = run.json("evaluate/final.json")
    chosen = stage or (final or {}).get("stage")
    if chosen is None:
        raise UserError(f"{folder}: the run names no final model yet. Evaluate it (`snakemake evaluate`), or give --stage.")
    if chosen not in STAGES:
        raise UserError(f"{folder}: {chosen!r} is no stage that makes a model. Give --stage {', '.join(STAGES)}.")
    if not (folder / chosen / "checkpoint").is_dir():
        raise UserError(f"{folder}: the stage {chosen} has not published a checkpoint. Run `snakemake {chosen}` first.")
    if altered := [line for line in differences(folder / chosen) if line.startswith("checkpoint/")]:
        raise UserError(
            f"{folder / chosen}: not what the stage published ({'; '.join(altered[:3])}), so its card would not be true. "
            f"Make it again with `snakemake --force {chosen}`."
        )
    return Source(run, str(chosen), config, final)
