"""What made each artifact: manifests as cards that refer to one another."""

import json
import posixpath
from typing import Any

from openqwq.artifacts.manifest import sha256_json

FILES = 12  # listed for each artifact; the manifest lists all

Manifests = dict[str, dict[str, Any]]


def anchor(name: str) -> str:
    """The page's id of an artifact."""
    return "artifact-" + name.replace("/", "-").replace(".", "-")


def cards(manifests: Manifests) -> list[dict[str, Any]]:
    """One card an artifact, in the order in which they were made."""
    made = []
    for name, manifest in manifests.items():
        outputs = manifest.get("outputs", {})
        code, environment = manifest.get("code", {}), manifest.get("environment", {})
        made.append(
            {
                "name": name,
                "anchor": anchor(name),
                "fingerprint": str(manifest.get("fingerprint", "")),
                "recipe_version": manifest.get("recipe_version"),
                "seed": manifest.get("seed"),
                "commit": code.get("commit"),
                "dirty": code.get("dirty"),
                "finished": str(manifest.get("finished", "")),
                "wall_seconds": manifest.get("wall_seconds"),
                "inputs": [_input(name, key, entry, manifests) for key, entry in manifest.get("inputs", {}).items()],
                "outputs": [{"name": file} | described for file, described in list(outputs.items())[:FILES]],
                "more": max(0, len(outputs) - FILES),
                "bytes": sum(described.get("bytes", 0) for described in outputs.values()),
                "python": environment.get("python"),
                "packages": environment.get("packages", {}),
                "lock": str(environment.get("lock", "")),
                "hardware": environment.get("hardware", {}),
                "config": json.dumps(manifest.get("config"), indent=2, ensure_ascii=False),
                "execution": json.dumps(manifest.get("execution"), ensure_ascii=False),
            }
        )
    return made


def origin(manifests: Manifests, artifact: str, file: str | None = None) -> dict[str, Any]:
    """The file that a number comes from: `artifact`, its path in the run, and `rows` and `sha256` where the manifest lists it.

    Without `file` the artifact is one itself.
    """
    described = manifests.get(artifact, {}).get("outputs", {}).get(file or posixpath.basename(artifact), {})
    path = posixpath.join(artifact, file) if file else artifact
    return {"artifact": artifact, "path": path, "rows": described.get("rows"), "sha256": described.get("sha256")}


def stale(manifests: Manifests) -> list[tuple[str, str]]:
    """(artifact, input) where the input that stands in the run folder is not the one that the artifact was made from."""
    found = []
    for name, manifest in manifests.items():
        for entry in manifest.get("inputs", {}).values():
            path = _resolved(name, entry, manifests)
            owner = _owner(path, manifests)
            if owner is not None and _content(path, owner, manifests[owner]) not in (None, entry.get("content")):
                found.append((name, path))
    return found


def _input(name: str, key: str, entry: dict[str, Any], manifests: Manifests) -> dict[str, Any]:
    path = _resolved(name, entry, manifests)
    owner = _owner(path, manifests)
    return {
        "key": key,
        "path": path,
        "anchor": anchor(owner) if owner else None,
        "content": str(entry.get("content", "")),
    }


def _resolved(name: str, entry: dict[str, Any], manifests: Manifests) -> str:
    """The input's path seen from the run folder: manifests give it from the artifact's own folder."""
    outputs = manifests[name].get("outputs", {})
    is_file = list(outputs) == [posixpath.basename(name)]
    start = posixpath.dirname(name) if is_file else name
    return posixpath.normpath(posixpath.join(start, str(entry.get("path", ""))))


def _owner(path: str, manifests: Manifests) -> str | None:
    """The artifact that is at `path` or holds it."""
    while path:
        if path in manifests:
            return path
        path = posixpath.dirname(path)
    return None


def _content(path: str, owner: str, manifest: dict[str, Any]) -> str | None:
    """Content hash of the artifact, or of the part of it at `path`; None where its manifest does not list that part."""
    if path == owner:
        return str(manifest.get("content"))
    inside = posixpath.relpath(path, owner)
    outputs = manifest.get("outputs", {})
    if inside in outputs:
        return sha256_json({posixpath.basename(inside): outputs[inside]["sha256"]})
    part = {file[len(inside) + 1 :]: out["sha256"] for file, out in outputs.items() if file.startswith(inside + "/")}
    return sha256_json(part) if part else None
