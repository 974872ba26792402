"""Settings of an evaluation by name: `benchmarks: {use: qwq}` and `evaluate: {use: qwq, …}` take `config/presets/qwq.yaml`.

A preset is a file with the keys `benchmarks` and `evaluate`, written as in a configuration. Resolved before validation, as
sources are: the run's record, the fingerprints and every error message see what it holds.
"""

import difflib
from pathlib import Path
from typing import Any

from openqwq.config import registry
from openqwq.errors import UserError

KEYS = ("benchmarks", "evaluate")


def known() -> dict[str, Path]:
    """Every preset with its file; a user's own `config/presets` in the working directory goes before ours."""
    return registry.known("presets")


def preset(name: Any, key: str) -> dict[str, Any]:
    """What the preset holds. Raises `UserError`, which opens with `key`, where there is none or it is not in this form."""
    files = known()
    if not isinstance(name, str) or name not in files:
        near = difflib.get_close_matches(str(name), files, 1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        own = Path("config") / "presets" / "NAME.yaml"
        raise UserError(f"{key}: there is no preset {name!r}.{meant} Known are {', '.join(files)}; add your own as {own}.")
    value = registry.read(files[name], "preset")
    if set(value) != set(KEYS) or not isinstance(value["benchmarks"], list) or not isinstance(value["evaluate"], dict):
        raise UserError(f"{files[name]}: a preset has a list 'benchmarks' and a mapping 'evaluate', nothing else. Mend the file.")
    return value


def resolve(value: dict[str, Any], where: str) -> dict[str, Any]:
    """The configuration with `use` below `benchmarks` and `evaluate` replaced by what the preset holds.

    Keys beside `use` go before the preset's in `evaluate`; `benchmarks` takes none. Raises `UserError`.
    """
    made = dict(value)
    for key in KEYS:
        given = value.get(key)
        if not isinstance(given, dict) or "use" not in given:
            continue
        held = preset(given["use"], f"{where}: {key}.use")[key]
        changes = {name: one for name, one in given.items() if name != "use"}
        if key == "evaluate":
            made[key] = {**held, **changes}
        elif changes:
            raise UserError(
                f"{where}: benchmarks: {next(iter(changes))!r} stands beside 'use', which takes the preset's list as it is. "
                "Remove the key, or write the benchmarks out."
            )
        else:
            made[key] = held
    return made
