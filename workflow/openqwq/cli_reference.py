"""The reference of all commands and options as Markdown, made from the parser itself.

`python -m openqwq.cli_reference PATH` writes it; a test fails when docs/reference/cli.md differs from `markdown()`.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from openqwq.artifacts.files import replacing
from openqwq.cli import parser

HEAD = """\
# Command line

<!-- Made from the parser in workflow/openqwq/cli.py by `make config-reference`; do not edit. -->

`openqwq` lies in the environment's `bin` (`.venv/bin/openqwq`). The stages' commands are what the rules of the DAG call; by hand
they are rarely needed. Exit codes: 0 done, 1 the stage failed, 2 a mistake that you can mend, 75 stopped and saved, 130
interrupted.
"""
# What the environment gives is a default of this moment, not of the command.
FROM_ENVIRONMENT = ("OPENQWQ_STATE", "OPENQWQ_EXECUTION", "OPENQWQ_DEADLINE")


def markdown() -> str:
    """The whole reference, a section a command, ending with a newline."""
    kept = {name: os.environ.pop(name) for name in FROM_ENVIRONMENT if name in os.environ}
    try:
        top = parser()
    finally:
        os.environ.update(kept)
    return "\n".join([HEAD, *(_section(command) for command in commands(top))])


def commands(top: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every parser that ends a command line, depth first, in the order of the help."""
    inner = [action for action in top._actions if isinstance(action, argparse._SubParsersAction)]
    if not inner:
        yield top
    for action in inner:
        for sub in dict.fromkeys(action.choices.values()):  # a command may have two names
            yield from commands(sub)


def _section(command: argparse.ArgumentParser) -> str:
    rows = [_row(action) for action in command._actions if not isinstance(action, argparse._HelpAction)]
    table = ["| argument | value | default | |", "|---|---|---|---|", *rows] if rows else []
    return f"## {command.prog}\n\n" + "\n\n".join(filter(None, [command.description, "\n".join(table)])) + "\n"


def _row(action: argparse.Action) -> str:
    name = ", ".join(f"`{option}`" for option in action.option_strings) or f"`{_value(action)}`"
    value = _value(action) if action.option_strings and action.nargs != 0 else ""
    default = "**required**" if action.required else _default(action)
    help_ = (action.help or "") % {"default": action.default} if action.help else ""
    return "| " + " | ".join([name, f"`{value}`" if value else "", default, help_]).replace("\n", " ") + " |"


def _value(action: argparse.Action) -> str:
    """How the usage line writes it: the choices, or the name of the value."""
    if action.choices:
        return "`, `".join(map(str, action.choices))
    name = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    return f"{name} …" if action.nargs in ("+", "*") or (isinstance(action.nargs, int) and action.nargs > 1) else name


def _default(action: argparse.Action) -> str:
    if action.default in (None, False, argparse.SUPPRESS) or action.nargs == 0:
        return ""
    return f"`{action.default}`"


if __name__ == "__main__":
    with replacing(Path(sys.argv[1])) as temporary:
        temporary.write_text(markdown(), encoding="utf-8")
