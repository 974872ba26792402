"""Configurations to plan, made from the shipped ones."""

from pathlib import Path

import yaml

from openqwq.config import load

ROOT = Path(__file__).resolve().parents[3]


def config(name="qwq-32b", **changes):
    """config/NAME.yaml with values replaced: keys are dotted names with `__` for the dot."""
    value = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text(encoding="utf-8"))
    for key, new in changes.items():
        *path, last = key.split("__")
        inner = value
        for part in path:
            inner = inner.setdefault(part, {})
        if new is None:
            inner.pop(last, None)
        else:
            inner[last] = new
    return load(value, name)
