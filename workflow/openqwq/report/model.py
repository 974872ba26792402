"""The base model in a few facts."""

import math
from pathlib import Path
from typing import Any

from openqwq.artifacts.weights import header
from openqwq.report.runfolder import RunFolder


def facts(run: RunFolder, config: dict[str, Any]) -> dict[str, Any]:
    """`name`, `origin`, and where the weights stand `parameters`, `layers`, `hidden`."""
    source = config.get("base_model", {})
    kind = source.get("type")
    names = {
        "package": (source.get("package", ""), "Python package"),
        "hub": (source.get("id", ""), f"hub, commit {str(source.get('revision', ''))[:10]}"),
        "folder": (Path(source.get("path", "")).name, "local folder"),
        "random": ("a small random model", "random weights"),
    }
    name, origin = names.get(kind, ("the base model", "unknown origin"))
    manifest = run.json("base_model/manifest.json") or {}
    name = manifest.get("facts", {}).get("name") or name
    made: dict[str, Any] = {"name": name, "origin": origin, "parameters": None, "layers": None, "hidden": None}
    folders = [folder for folder in ("base_model", "base_model/checkpoint") if (run.path / folder / "config.json").is_file()]
    if folders:
        described = run.json(f"{folders[0]}/config.json") or {}
        made |= {"layers": described.get("num_hidden_layers"), "hidden": described.get("hidden_size")}
        made["parameters"] = sum(map(_parameters, sorted((run.path / folders[0]).glob("*.safetensors")))) or None
    return made


def _parameters(path: Path) -> int:
    """Number of weights in a safetensors file."""
    try:
        return sum(math.prod(tensor["shape"]) for tensor in header(path).values())
    except ValueError:
        return 0  # the hash in the manifest tells whether the file is whole; this is only a caption
