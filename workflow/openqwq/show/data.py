"""`openqwq data show PATH`: rows of a table, or of every table in a folder, for a person to read."""

import os
import shutil
import sys
from pathlib import Path

from openqwq.errors import UserError
from openqwq.show import rows, tables
from openqwq.show.visible import forgiving, visible

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


def show(path: Path, count: int, where: str | None, seed: int | None, full: bool) -> None:
    """Prints `count` rows of each table. In a folder, tables without the columns that `where` names are passed over.

    Raises `UserError` for a path without tables, and an expression that fits none of them.
    """
    _at_least_one(count)
    files = tables.find(path)
    chosen: list[tables.Chosen] = []
    refused: UserError | None = None
    for file in files:
        name = file.name if file == path else str(file.relative_to(path))
        try:
            chosen.append(tables.choose(file, name, count, where, seed))
        except UserError as error:
            if len(files) == 1 or where is None:
                raise
            refused = error
    if refused is not None and not chosen:
        raise refused
    for table in chosen:
        if table.shown or len(chosen) == 1:
            _print(table, full)


def show_table(path: Path, name: str, count: int, where: str | None, seed: int | None, full: bool) -> None:
    """Prints `count` rows of one table under a name of the caller's."""
    _at_least_one(count)
    _print(tables.choose(path, name, count, where, seed), full)


def _at_least_one(count: int) -> None:
    if count < 1:
        raise UserError(f"--n {count}: how many rows are shown is at least 1.")


def _print(table: tables.Chosen, full: bool) -> None:
    forgiving(sys.stdout)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None  # what is piped is not broken into lines
    asked = "" if table.matching == table.rows else f", {table.matching:,} of them asked for"
    print(_bold(f"{visible(table.name)}: {table.rows:,} rows{asked}"))
    for number, row in table.shown:
        print("\n" + _bold("\n".join(rows.wrapped(f"── {number}  {rows.title(row)}", width))))
        for name, block in rows.lines(row, width, full):
            label = visible(name).replace("\n", " ")
            one = len(block) == 1 and len(block[0]) + len(label) + 1 <= (width or 100)
            print(f"{_bold(label)} {block[0].lstrip()}" if one else "\n".join([_bold(label), *block]))
    print()


def _bold(text: str) -> str:
    """Bold where a person looks, plain in a pipe or where NO_COLOR (no-color.org) is set."""
    return f"{BOLD}{text}{PLAIN}" if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else text
