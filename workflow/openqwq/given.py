"""What a stage's command line says, read and checked: its part of the configuration, its execution, its checkpoint."""

import argparse
import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from openqwq import precision
from openqwq.errors import UserError


def json_option(text: str, option: str) -> dict[str, Any]:
    """The JSON object given on the command line."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{option}: not JSON ({error}). The rules pass it; by hand, quote it for the shell.") from error
    if not isinstance(value, dict):
        raise UserError(f"{option}: a JSON object is expected, got {type(value).__name__}.")
    return value


def config_of(options: argparse.Namespace) -> dict[str, Any]:
    """The stage's share of the configuration, as `--config` has it."""
    return json_option(options.config, "--config")


def parse(kind: Any, value: Any, where: str) -> Any:
    """The value checked and completed. `where` is what a message calls it."""
    from openqwq.config import explain

    try:
        return TypeAdapter(kind).validate_json(TypeAdapter(Any).dump_json(value))
    except ValidationError as error:
        raise UserError(explain(error, where)) from error


def training_config_of(options: argparse.Namespace) -> dict[str, Any]:
    """As `config_of`, of a stage that trains: with the precision of the run, which is part of what is made."""
    return precision.settled(config_of(options), "autocast", "none", _state_root(options))


def execution_of(options: argparse.Namespace) -> Any:
    """How the stage is carried out, as `--execution` has it."""
    from openqwq.config import Execution

    return parse(Execution, json_option(options.execution, "--execution"), "--execution")


def computing(options: argparse.Namespace) -> Any:
    """As `execution_of`, of a stage that loads a model: with the precision of the run, which the manifest then tells."""
    given = json_option(options.execution, "--execution")
    options.execution = json.dumps(precision.settled(given, "generation_dtype", "float32", _state_root(options)))
    return execution_of(options)


def _state_root(options: argparse.Namespace) -> Path | None:
    return None if options.state is None else Path(options.state)


def checkpoint_of(path: Path) -> Path:
    """The model folder in a stage's folder, or the folder itself where it is a model."""
    return path / "checkpoint" if (path / "checkpoint").is_dir() else path
