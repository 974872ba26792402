"""`openqwq samples RUN`: what a checkpoint wrote on a benchmark, with prompt, reference and verdict."""

from pathlib import Path

from openqwq.errors import UserError
from openqwq.show import data

SCORES = "scores.parquet"


def show(
    run: str, stage: str | None, benchmark: str | None, verdict: str | None, count: int, seed: int | None, full: bool
) -> None:
    """Prints `count` samples of each table that is asked for; None asks for all stages, benchmarks or verdicts.

    Raises `UserError` for a run, a stage or a benchmark that was not evaluated.
    """
    folder = folder_of(run)
    # A hidden folder is what a killed job was about to publish.
    there = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    stages = _named(stage, there, "--stage", folder)
    found = False
    for name in stages:
        tables = {path.stem: path for path in sorted((folder / name).glob("*.parquet")) if path.name != SCORES}
        for one in _named(benchmark, list(tables), "--benchmark", folder / name):
            found = True
            where = None if verdict is None else f"verdict == {verdict}"
            data.show_table(tables[one], f"{name} on {one}", count, where, seed, full)
    if not found:
        raise UserError(f"{folder}: no samples here yet. Run the stage evaluate, or wait for it.")


def folder_of(run: str) -> Path:
    """`evaluate/` of a run by its name (below results/) or its path."""
    for path in (Path(run), Path("results") / run):
        if (path / "evaluate").is_dir():
            return path / "evaluate"
    raise UserError(
        f"{run}: no run that was evaluated (looked for {run}/evaluate and results/{run}/evaluate). Name one that has been."
    )


def _named(wanted: str | None, known: list[str], option: str, where: Path) -> list[str]:
    if wanted is not None and wanted not in known:
        raise UserError(f"{option} {wanted}: not in {where}. There are {', '.join(known) or 'none'}.")
    return known if wanted is None else [wanted]
