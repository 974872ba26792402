"""Two runs side by side: what differs in their configurations, and their scores paired problem by problem."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import SAMPLE, SCORE
from openqwq.config.evaluate import drawn_by
from openqwq.config.train import Sampling
from openqwq.errors import UserError
from openqwq.evaluate.gate import compared, untouched
from openqwq.evaluate.scores import frame
from openqwq.report import words
from openqwq.report.cautions import drawn_with
from openqwq.report.overview import ORDER
from openqwq.report.runfolder import Rows, RunFolder

DRAWS = 10_000  # of the bootstrap, as `evaluate.bootstrap` has it where nothing else is said
SEED = 1


@dataclass(frozen=True, slots=True)
class Run:
    """One of the two: `letter` is what it is called on the page."""

    letter: str
    folder: RunFolder
    config: dict[str, Any]
    scores: Rows

    @property
    def name(self) -> str:
        return str(self.config.get("run") or self.folder.path.name)


def opened(letter: str, given: str) -> Run:
    """A run by its folder, or by its name below results/. Raises `UserError` where none that was evaluated stands there."""
    places = [Path(given), Path("results") / given]
    path = next((place for place in places if place.is_dir()), None)
    if path is None:
        raise UserError(f"{given}: no such run (looked for {places[0]} and {places[1]}). Give a run's name or folder.")
    if not (path / "config.yaml").is_file():
        raise UserError(f"{path}: not a run's folder, for it has no config.yaml. Give a folder below results/.")
    try:
        config = yaml.safe_load((path / "config.yaml").read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path / 'config.yaml'}: not readable as YAML ({error}). Rerun the pipeline, which writes it."
        ) from error
    if not isinstance(config, dict):
        raise UserError(f"{path / 'config.yaml'}: not a configuration. Rerun the pipeline, which writes it.")
    folder = RunFolder(path)
    scores = folder.rows("evaluate/scores.parquet", SCORE)
    if not scores:
        raise UserError(f"{path}: not evaluated yet, so there are no scores to compare. Run it up to the stage evaluate first.")
    return Run(letter, folder, config, scores)


def differences(first: Any, second: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    """Every key whose values differ, with both values; None stands where a side lacks it."""
    if first == second:
        return []
    if isinstance(first, dict) and isinstance(second, dict):
        keys = dict.fromkeys([*first, *second])
        return [
            row for key in keys for row in differences(first.get(key), second.get(key), f"{path}.{key}" if path else str(key))
        ]
    return [(path, first, second)]


def paired(a: Run, b: Run, stages: list[str], benchmarks: list[str]) -> Rows:
    """B minus A for each stage and benchmark that both have, over the problems that both were asked.

    Each row has `stage`, `benchmark`, the figures of `gate.compared`, `only_one` (problems that one run alone was asked), `clean`
    (the same figures where training data of neither run touches the problem, or None) and `k` of both.
    """
    made = []
    for benchmark in benchmarks:
        for stage in stages:
            name = f"evaluate/{stage}/{benchmark}.parquet"
            paths = [run.folder.path / name for run in (a, b)]
            if not all(path.is_file() for path in paths):
                continue
            before, after = (frame(read_table(path, SAMPLE)) for path in paths)
            shared = set(before.problem_id) & set(after.problem_id)
            only_one = len(set(before.problem_id) ^ set(after.problem_id))
            row: dict[str, Any] = {"stage": stage, "benchmark": benchmark, "before": a.letter, "after": b.letter}
            row["k"] = tuple(int(side["sample"].max()) + 1 if len(side) else 0 for side in (before, after))
            before, after = (side[side.problem_id.isin(shared)] for side in (before, after))
            row |= compared(after, before, name, draws=DRAWS, seed=SEED) | {"only_one": only_one, "clean": None}
            clean = set(untouched(before).problem_id) & set(untouched(after).problem_id)
            if clean != shared:
                before, after = (side[side.problem_id.isin(clean)] for side in (before, after))
                row["clean"] = compared(after, before, name, draws=DRAWS, seed=SEED)
            made.append(row)
    return made


def cautions(a: Run, b: Run, rows: Rows, changed: list[tuple[str, Any, Any]]) -> list[dict[str, str]]:
    """What makes the two hard to compare; serious ones first. `rows` are those of `paired`."""
    made = []
    engines = [drawn_with(run.folder.manifests()) for run in (a, b)]
    if len({way for of in engines for way in of}) > 1:
        each = ", ".join(f"{run.letter}: {' and '.join(of) or 'unknown'}" for run, of in zip((a, b), engines, strict=True))
        made.append(("serious", f"Not sampled in the same way ({each}): a difference may come from that."))
    benchmarks = sorted({row["benchmark"] for row in rows})
    first, second = (_drawn(run, benchmarks) for run in (a, b))
    for key in Sampling.model_fields:
        if unlike := [name for name in first.keys() & second if getattr(first[name], key) != getattr(second[name], key)]:
            made.append(("serious", f"Not drawn with the same {key}: {', '.join(sorted(unlike))}."))
    asked = [{(row["benchmark"], row["stage"]) for row in run.scores} for run in (a, b)]
    for run, own, other in ((a, asked[0], asked[1]), (b, asked[1], asked[0])):
        alone = [f"{name} ({', '.join(words.stage(s) for s in stages)})" for name, stages in _listed(own - other).items()]
        if alone:
            made.append(("note", f"Evaluated in {run.letter} alone, so not paired: {', '.join(alone)}."))
    apart = sorted({row["benchmark"] for row in rows if not row["n"]})
    if apart:
        made.append(("serious", f"No problem in common that both could be scored on: {', '.join(apart)}."))
    partly = sorted({row["benchmark"] for row in rows if row["n"] and row["only_one"]})
    if partly:
        made.append(("serious", f"Only some problems are common to both, and only those are paired: {', '.join(partly)}."))
    counts = sorted({row["benchmark"] for row in rows if row["n"] and row["k"][0] != row["k"][1]})
    if counts:
        made.append(("note", f"Not the same number of samples a problem: {', '.join(counts)}."))
    told = ("evaluate.gate", "evaluate.sampling.", "evaluate.stages")  # elsewhere, or no part of how a score is made
    settings = [key for key, *_ in changed if key.startswith("evaluate.") and not key.startswith(told)]
    if settings:
        made.append(("serious", f"Evaluated with other settings ({', '.join(settings)}): a difference may be theirs."))
    if not rows:
        made.append(("serious", "No stage was evaluated on the same benchmark in both runs: nothing can be paired."))
    return [{"level": level, "text": text} for level, text in sorted(made, key=lambda one: one[0] != "serious")]


def _drawn(run: Run, benchmarks: list[str]) -> dict[str, Sampling]:
    """How each benchmark was drawn; nothing where the configuration has it in a form that is not known."""
    try:
        common, own = drawn_by(run.config)
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {name: own.get(name, common) for name in benchmarks}


def _listed(pairs: set[tuple[str, str]]) -> dict[str, list[str]]:
    """Stages by benchmark."""
    made: dict[str, list[str]] = {}
    for benchmark, stage in sorted(pairs, key=lambda pair: (pair[0], ORDER.index(pair[1]) if pair[1] in ORDER else len(ORDER))):
        made.setdefault(benchmark, []).append(stage)
    return made
