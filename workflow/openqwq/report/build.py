"""The stage `report`: collects what stands in a run folder and publishes one HTML page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from openqwq.artifacts.schemas import SCORE
from openqwq.evaluate.published import published
from openqwq.report import completions, funnel, gate, known, model, overview, provenance, reward, rows, training, words
from openqwq.report.cautions import cautions
from openqwq.report.page import render
from openqwq.report.runfolder import RunFolder
from openqwq.stage import Stage

LARGEST = 10_000_000  # bytes of a page; fewer completions are shown when it would be larger


def run(stage: Stage, run_folder: Path, config: dict[str, Any], out: Path) -> None:
    """Publishes the page `out` about `run_folder`; `config` is the resolved run configuration.

    Stages that did not run, or not yet, are left out. Raises `UserError` for a missing run folder and for a damaged file.
    """
    folder = RunFolder(run_folder)
    values, charts = collect(folder, config)
    samples = int(config.get("report", {}).get("samples", 4))
    benchmarks = [line["benchmark"] for line in values["scores"]]

    sources = {name: (folder, name) for name in values["stages"]}
    labels = {name: words.stage(name) for name in sources}

    def page(count: int) -> str:
        cards = completions.problems(sources, benchmarks, count)
        return render(values | {"shown_each": count}, charts, completions.browser(cards, labels))

    html, samples = fitting(page, samples)
    stage.progress.say(f"{len(html.encode()) / 1e6:.1f} MB, {samples} problems a benchmark shown")
    stage.publish_file(out, lambda path: path.write_text(html, encoding="utf-8"))


def fitting(page: Callable[[int], str], samples: int) -> tuple[str, int]:
    """The page with `samples` problems a benchmark, or with as many fewer as keep it within `LARGEST`; and how many it has."""
    html = page(samples)
    while len(html.encode()) > LARGEST and samples > 0:
        samples //= 2
        html = page(samples)
    return html, samples


def collect(folder: RunFolder, config: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What the templates show, except the completions, and the Vega-Lite specification of each chart by element id."""
    manifests = folder.manifests()
    scores = [
        row | {"made": provenance.origin(manifests, f"evaluate/{row['stage']}", f"{row['benchmark']}.parquet")}
        for row in folder.rows("evaluate/scores.parquet", SCORE) or []
    ]
    measured = folder.json("evaluate/gate.json")
    plan = folder.json("evaluate/gate_plan.json")
    read = training.metrics(folder)
    stages = overview.stages_of(scores)
    table = overview.score_table(scores, measured)
    compared = overview.comparisons(measured, [line["benchmark"] for line in table])
    trained = training.sections(folder, config, read, manifests)
    window = config.get("reason", {}).get("pass_rate")
    profiled = training.profile(folder, window)
    charts = {f"profile-{p['domain']}": p["spec"] for p in profiled}
    told = cautions(measured, scores, manifests, read, folder.json("reward_model/accuracy.json"))
    for section in trained:
        section["warnings"] = [caution for caution in told if caution.get("stage") == section["name"]]
        charts |= {f"{section['name']}-{i}": chart["spec"] for i, chart in enumerate(section["charts"])}
    rewarded = reward.section(folder)
    if rewarded:
        charts[reward.CHART] = rewarded["spec"]
    values = {
        "title": config.get("report", {}).get("title") or config.get("run") or folder.path.name,
        "run": config.get("run") or folder.path.name,
        "seed": config.get("seed"),
        "model": model.facts(folder, config),
        "steps": {name: training.steps(rows) for name, rows in read.items()},
        "stages": stages,
        "scores": table,
        "details": scores,
        "published": known.beside(table, stages, published()),
        "episodes": overview.episodes(scores),
        "gate": measured,
        "gate_rows": gate.rows(measured, plan),
        "final": gate.final(
            folder.json("evaluate/final.json"), measured, config.get("evaluate", {}).get("gate", {}).get("on_fail")
        ),
        "reward": rewarded,
        "comparisons": compared,
        "compared_in": provenance.origin(manifests, "evaluate/gate.json"),
        "findings": overview.findings(compared),
        "cautions": told,
        "times": overview.wall_time(manifests),
        "funnels": funnel.funnels(folder),
        "tables": funnel.tables(manifests.get("curate")),
        "contamination": funnel.contamination(folder),
        "row_samples": rows.samples(folder),
        "profiled": profiled,
        "trained": trained,
        "longest": completions.LONGEST,
        "largest": LARGEST,
        "artifacts": provenance.cards(manifests),
        "config": yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
    }
    return values, charts
