"""pixi.toml against the rules of pixi's published manifest schema (v0.50), as far as this file uses them; pixi itself is not run.

An unknown key is an error to pixi; so it is here, and a table that this file does not use yet needs its rules first.
"""

import copy
import re
import tomllib

import pytest
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from openqwq.environment import ROOT

MANIFEST = tomllib.loads((ROOT / "pixi.toml").read_text(encoding="utf-8"))
TOP = {"workspace", "dependencies", "tasks", "feature", "environments"}
WORKSPACE = {"name", "version", "description", "license", "channels", "platforms", "authors", "readme", "requires-pixi"}
FEATURE = {"dependencies", "tasks", "platforms", "channels"}
TASK = {"cmd", "description", "depends-on", "env", "cwd", "inputs", "outputs", "args", "clean-env"}
PLATFORMS = {"linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"}


def problems(manifest):
    """What pixi would refuse, as sentences."""
    found = [f"unknown table {key}" for key in manifest.keys() - TOP]
    workspace = manifest.get("workspace", {})
    if "channels" not in workspace:
        found.append("workspace: channels is required")
    found += [f"workspace: unknown key {key}" for key in workspace.keys() - WORKSPACE]
    found += [f"workspace: unknown platform {name}" for name in set(workspace.get("platforms", [])) - PLATFORMS]
    found += in_feature("default", {key: manifest.get(key, {}) for key in ("dependencies", "tasks")})
    for name, feature in manifest.get("feature", {}).items():
        found += [f"feature {name}: unknown key {key}" for key in feature.keys() - FEATURE] + in_feature(name, feature)
    for name, value in manifest.get("environments", {}).items():
        if not re.fullmatch(r"[a-z\d-]+", name):
            found.append(f"environment {name}: no such name")
        features = value if isinstance(value, list) else value.get("features", [])
        found += [f"environment {name}: no feature {f}" for f in features if f not in manifest.get("feature", {})]
    return found


def in_feature(name, feature):
    found = []
    for package, versions in feature.get("dependencies", {}).items():
        wanted = versions if isinstance(versions, str) else versions.get("version", "")
        try:
            SpecifierSet(f"=={wanted}" if re.match(r"\d", wanted) else wanted)
        except InvalidSpecifier:
            found.append(f"feature {name}: {package} {wanted!r} is no range of versions")
        if not wanted:
            found.append(f"feature {name}: {package} has no version")
    for task, value in feature.get("tasks", {}).items():
        if not re.fullmatch(r"[^\s$]+", task):
            found.append(f"task {task}: no such name")
        keys = value.keys() if isinstance(value, dict) else set()
        found += [f"task {task}: unknown key {key}" for key in keys - TASK]
        if not (value if isinstance(value, str) else value.get("cmd") or value.get("depends-on")):
            found.append(f"task {task}: nothing to do")
    return found


def test_pixi_would_take_the_manifest():
    assert problems(MANIFEST) == []


def changed(path, value):
    manifest = copy.deepcopy(MANIFEST)
    inner = manifest
    for key in path[:-1]:
        inner = inner[key]
    if value is None:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return problems(manifest)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("depndencies",), {}, "unknown table depndencies"),
        (("workspace", "channels"), None, "workspace: channels is required"),
        (("workspace", "platforms"), ["linux-65"], "workspace: unknown platform linux-65"),
        (("workspace", "licence"), "MIT", "workspace: unknown key licence"),
        (("dependencies", "make"), ">=four", "feature default: make '>=four' is no range of versions"),
        (("dependencies", "make"), "", "feature default: make has no version"),
        (("tasks", "demo", "depends_upon"), ["env"], "task demo: unknown key depends_upon"),
        (("tasks", "make demo"), "make demo", "task make demo: no such name"),
        (("tasks", "demo", "cmd"), "", "task demo: nothing to do"),
        (("feature", "gpu", "task"), {}, "feature gpu: unknown key task"),
        (("environments", "GPU"), ["gpu"], "environment GPU: no such name"),
        (("environments", "gpu"), ["cuda"], "environment gpu: no feature cuda"),
    ],
)
def test_what_pixi_refuses_is_seen(path, value, said):
    assert changed(path, value) == [said]
