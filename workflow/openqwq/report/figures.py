"""Figures as SVG files for Snakemake's own report, `<stage>.<figure>.svg`: the funnel, each stage's curves, the scores."""

from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from openqwq.artifacts.schemas import METRIC, SCORE
from openqwq.report import funnel, overview
from openqwq.report.curves import curves
from openqwq.report.runfolder import Rows, RunFolder
from openqwq.stage import Stage

TRAINED = ("coldstart", "reason", "reward_model", "general")
WIDTH = 380  # pixels of one chart
COLUMNS = 2


def run(stage: Stage, run_folder: Path, out: Path) -> None:
    """Publishes the folder `out`. Stages that did not run have no figure."""
    folder = RunFolder(run_folder)
    made = {f"{name}.curves": _curves(folder.rows(f"{name}/metrics.parquet", METRIC)) for name in TRAINED}
    made["curate.funnel"] = _funnel(funnel.funnels(folder))
    made["evaluate.scores"] = _scores(folder.rows("evaluate/scores.parquet", SCORE) or [])
    with stage.publish_folder(out) as target:
        for name, spec in made.items():
            if spec is not None:
                (target / f"{name}.svg").write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")


def _curves(rows: Rows | None) -> dict[str, Any] | None:
    charts, _ = curves(rows) if rows else ([], [])
    parts = [chart["spec"] | {"title": chart["title"], "width": WIDTH} for chart in charts]
    return _grid(parts) if parts else None


def _funnel(funnels: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Rows that each step of curation let through, one chart a role."""
    parts = []
    for one in funnels:
        steps = [{"step": step["name"], "rows": step["rows_out"], "of": step["rows_in"]} for step in one["steps"]]
        base = alt.Chart(alt.Data(values=steps)).encode(y=alt.Y("step:N", sort=[step["step"] for step in steps], title=None))
        came = base.mark_bar(opacity=0.25).encode(x=alt.X("of:Q", title="rows in (light) and out"))
        parts.append(alt.layer(came, base.mark_bar().encode(x="rows:Q")).properties(width=WIDTH, title=one["role"]).to_dict())
    return _grid(parts) if parts else None


def _scores(scores: Rows) -> dict[str, Any] | None:
    """avg@k of each checkpoint with its interval, one chart a benchmark."""
    rows = [row for row in scores if (row["metric"], row["subset"]) == ("avg@k", "all") and row["value"] is not None]
    parts = []
    for name in dict.fromkeys(row["benchmark"] for row in rows):
        of = [row for row in rows if row["benchmark"] == name]
        base = alt.Chart(alt.Data(values=of)).encode(y=alt.Y("stage:N", sort=overview.stages_of(of), title=None))
        scale = alt.Scale(domain=[0, 1])
        line = base.mark_rule().encode(x=alt.X("low:Q", title="avg@k with 95 % interval", scale=scale), x2="high:Q")
        title = f"{name}, {overview.span(of, 'n')} problems × {overview.span(of, 'k')}"
        parts.append(
            alt.layer(line, base.mark_point(filled=True).encode(x="value:Q")).properties(width=WIDTH, title=title).to_dict()
        )
    return _grid(parts) if parts else None


def _grid(parts: list[dict[str, Any]]) -> dict[str, Any]:
    whole = {key: value for key, value in parts[0].items() if key == "$schema"}
    kept = [{key: value for key, value in part.items() if key not in ("$schema", "config")} for part in parts]
    return whole | {"concat": kept, "columns": COLUMNS}
