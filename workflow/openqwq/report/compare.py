"""`openqwq report compare RUN_A RUN_B`: one page about two runs."""

from pathlib import Path
from typing import Any

import yaml

from openqwq.artifacts.files import replacing
from openqwq.artifacts.schemas import METRIC
from openqwq.errors import UserError
from openqwq.progress import tell
from openqwq.report import build, charts, completions, overview, provenance, two_runs, words
from openqwq.report.curves import SHARES, grouped
from openqwq.report.page import render
from openqwq.report.training import STAGES

SAMPLES = 4  # problems a benchmark, as in the report of one run
TEMPLATE = "compare.html.jinja"


def compare(first: str, second: str, out: Path | None) -> Path:
    """Writes the page and returns where: `out`, or compare-<A>-<B>.html here. Raises `UserError` for what is not two runs."""
    a, b = two_runs.opened("A", first), two_runs.opened("B", second)
    if a.folder.path.resolve() == b.folder.path.resolve():
        raise UserError(f"{first} and {second}: the same run twice. Name another to compare it with.")
    out = out or Path(f"compare-{a.folder.path.name}-{b.folder.path.name}.html")
    if out.is_dir() or not out.parent.is_dir():
        raise UserError(f"--out {out}: not a place for a file. Give a file's path in a folder that exists.")
    values, drawn = collect(a, b)
    sources = {f"{run.letter}: {stage}": (run.folder, stage) for stage in values["stages"] for run in (a, b)}
    labels = {f"{run.letter}: {stage}": f"{run.letter}: {words.stage(stage)}" for stage in values["stages"] for run in (a, b)}
    benchmarks = list(dict.fromkeys(row["benchmark"] for row in values["rows"]))

    def page(count: int) -> str:
        cards = completions.problems(sources, benchmarks, count)
        return render(values | {"shown_each": count}, drawn, completions.browser(cards, labels), TEMPLATE)

    html, _ = build.fitting(page, SAMPLES)
    with replacing(out) as path:
        path.write_text(html, encoding="utf-8")
    tell(f"wrote {out}: {len(values['rows'])} paired scores, {len(values['changed'])} settings that differ")
    return out


def collect(a: two_runs.Run, b: two_runs.Run) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What the template shows, except the samples, and the charts by element id."""
    stages = [stage for stage in overview.stages_of(a.scores) if stage in overview.stages_of(b.scores)]
    manifests = {f"{run.letter}/{name}": made for run in (a, b) for name, made in run.folder.manifests().items()}
    changed = two_runs.differences(a.config, b.config)
    sections = _curves(a, b)

    def made(letter: str, row: dict[str, Any]) -> dict[str, Any]:
        return provenance.origin(manifests, f"{letter}/evaluate/{row['stage']}", f"{row['benchmark']}.parquet")

    cells = {
        (run.letter, row["benchmark"], row["stage"]): row | {"made": made(run.letter, row)}
        for run in (a, b)
        for row in run.scores
        if (row["metric"], row["subset"]) == (overview.HEADLINE, "all")
    }
    benchmarks = [line["benchmark"] for line in overview.score_table(a.scores, None)]
    rows = [
        row
        | {"cells": [cells.get((letter, row["benchmark"], row["stage"])) for letter in "AB"]}
        | {"made": [made(letter, row) for letter in "AB"]}
        for row in two_runs.paired(a, b, stages, benchmarks)
    ]
    values = {
        "title": f"{a.name} and {b.name}",
        "runs": [{"letter": run.letter, "name": run.name, "folder": str(run.folder.path)} for run in (a, b)],
        "stages": stages,
        "rows": rows,
        "widest": max([0.02, *(abs(row[end]) for row in rows for end in ("low", "high") if row[end] is not None)]),
        "cautions": two_runs.cautions(a, b, rows, changed),
        "changed": [(key, _shown(first), _shown(second)) for key, first, second in changed],
        "sections": sections,
        "artifacts": provenance.cards(manifests),
        "configs": [(run.letter, yaml.safe_dump(run.config, sort_keys=False, allow_unicode=True)) for run in (a, b)],
        "longest": completions.LONGEST,
        "largest": build.LARGEST,
    }
    return values, {chart["id"]: chart["spec"] for section in sections for chart in section["charts"]}


def _curves(a: two_runs.Run, b: two_runs.Run) -> list[dict[str, Any]]:
    """Each training stage that both have, a chart a figure with one curve for each run."""
    made = []
    for stage in STAGES:
        read = [run.folder.rows(f"{stage}/metrics.parquet", METRIC) or [] for run in (a, b)]
        names = {row["name"] for row in read[0] if row["value"] is not None} & {
            r["name"] for r in read[1] if r["value"] is not None
        }
        drawn: list[dict[str, Any]] = []
        for title, members in grouped(sorted(names)):
            for name in members:
                series = {
                    run.letter: [(row["step"], row["value"]) for row in rows if row["name"] == name and row["value"] is not None]
                    for run, rows in zip((a, b), read, strict=True)
                }
                spec = charts.lines(series, percent=title in SHARES)
                drawn.append({"id": f"{stage}-{len(drawn)}", "title": words.metric(name), "spec": spec})
        if drawn:
            made.append({"name": stage, "charts": drawn})
    return made


def _shown(value: Any) -> str:
    return "–" if value is None else yaml.safe_dump(value, sort_keys=False, allow_unicode=True).removesuffix("...\n").strip()
