"""`openqwq data funnel RUN`: how many rows of each source went into each step of curation, came out, and why the rest did not."""

import sys
from collections import Counter
from pathlib import Path

from openqwq.artifacts.schemas import FUNNEL, REJECTED
from openqwq.errors import UserError
from openqwq.report.funnel import ROLES, short_reason
from openqwq.report.runfolder import Rows, RunFolder
from openqwq.show.visible import columns, forgiving, visible

HEADER = ("role", "step", "source", "in", "out", "dropped", "why")
REASONS = 3


def show(run: str) -> None:
    """Prints the table. `run` is a run's name or its folder. Raises `UserError` for an unknown run, and one not curated yet."""
    forgiving(sys.stdout)
    table = [HEADER, *lines(folder_of(run))]
    widths = [max(columns(row[at]) for row in table) for at in range(len(HEADER) - 1)]
    for row in table:
        cells = [_cell(text, width, number=at in (3, 4, 5)) for at, (text, width) in enumerate(zip(row, widths, strict=False))]
        print("  ".join([*cells, row[-1]]).rstrip())


def folder_of(run: str) -> RunFolder:
    """The folder of a run by its name (below results/) or its path."""
    for path in (Path(run), Path("results") / run):
        if (path / "curate").is_dir():
            return RunFolder(path)
    raise UserError(
        f"{run}: no run with curated data (looked for {run}/curate and results/{run}/curate). Name a run that has been curated."
    )


def lines(run: RunFolder) -> list[tuple[str, ...]]:
    """The rows of the table as text, role by role, steps in the order in which they ran."""
    passes = run.rows("curate/funnel.parquet", FUNNEL)
    if passes is None:
        raise UserError(f"{run.path}/curate: no funnel.parquet. Run the stage curate again.")
    reasons: dict[tuple[str, str, str], Counter[str]] = {}
    for row in run.rows("curate/rejected.parquet", REJECTED, ["role", "source", "step", "reason"]) or []:
        counts = reasons.setdefault((row["role"], row["step"], row["source"]), Counter())
        counts[short_reason(row["reason"])] += 1
    made: list[tuple[str, ...]] = []
    for (role, step, source), (rows_in, rows_out) in _totals(passes).items():
        dropped = rows_in - rows_out
        common = reasons.get((role, step, source), Counter()).most_common(REASONS)
        words = [f"{reason} {count:,}" for reason, count in common]
        rest = dropped - sum(count for _, count in common)
        if rest > 0:
            words.append(f"held out {rest:,}" if step == "split" else f"other {rest:,}")
        why = visible("; ".join(words)).replace("\n", " ")
        made.append((role, step, visible(source), f"{rows_in:,}", f"{rows_out:,}", f"{dropped:,}", why))
    return made


def _totals(passes: Rows) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Rows in and out by role, step and source, roles in their order; a step that ran in parts is added up."""
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for row in sorted(passes, key=lambda row: ROLES.index(row["role"]) if row["role"] in ROLES else len(ROLES)):
        key = (row["role"], row["step"], row["source"])
        before = found.get(key, (0, 0))
        found[key] = (before[0] + row["rows_in"], before[1] + row["rows_out"])
    return found


def _cell(text: str, width: int, *, number: bool) -> str:
    space = " " * (width - columns(text))
    return space + text if number else text + space
