"""The sections on training: what each stage was given, how it was set, what its curves show."""

from collections import Counter
from typing import Any

import yaml

from openqwq.artifacts.schemas import METRIC, PROFILE
from openqwq.report import charts, lengths, words
from openqwq.report.completions import rollouts
from openqwq.report.curves import curves, first_and_last
from openqwq.report.runfolder import Rows, RunFolder

STAGES = ("coldstart", "reason", "reward_model", "general")
SHOWN_ROLLOUTS = 2  # of the first and of the last step
BINS = 5
MEGA = 2**20  # bytes in the unit of Snakemake's benchmark files

Facts = list[tuple[str, str]]


def metrics(run: RunFolder) -> dict[str, Rows]:
    """The curves of every training stage that has some."""
    read = {stage: run.rows(f"{stage}/metrics.parquet", METRIC) for stage in STAGES}
    return {stage: rows for stage, rows in read.items() if rows}


def sections(run: RunFolder, config: dict[str, Any], read: dict[str, Rows], manifests: dict[str, Any]) -> list[dict[str, Any]]:
    """One section a training stage that left anything: facts, charts, rollouts, manifest."""
    made = []
    for stage in STAGES:
        if stage not in read and stage not in manifests:
            continue
        charted, constant = curves(read.get(stage, []))
        known = facts(stage, config.get(stage, {}), read.get(stage, []), manifests.get(stage, {})) + memory(run, stage)
        made.append(
            {
                "name": stage,
                "facts": known + [(f"{name}, at every step", f"{value:.4g}") for name, value in constant],
                "charts": charted,
                "accuracy": run.json(f"{stage}/accuracy.json"),
                "config": yaml.safe_dump(config[stage], sort_keys=False, allow_unicode=True) if config.get(stage) else None,
                "hacking": hacking(run.json(f"{stage}/hacking.json")),
                "rollouts": rollouts(run, stage, SHOWN_ROLLOUTS),
            }
        )
    return made


def steps(rows: Rows) -> int:
    """The last step that a stage logged."""
    return max((row["step"] for row in rows), default=0)


def facts(stage: str, config: dict[str, Any], rows: Rows, manifest: dict[str, Any]) -> Facts:
    """Label and value of what decided a stage, as far as it is known."""
    made: Facts = [("steps", words.count(steps(rows)))] if rows else []
    if "group_size" in config:
        made.append(("a step", f"{config.get('groups')} problems × {config['group_size']} completions"))
        made.append(("loss", str(config.get("loss", "dapo"))))
        clips = [config.get("clip_low"), config.get("clip_high")]
        if any(clip is not None for clip in clips):
            made.append(("clip", " / ".join("–" if clip is None else f"{clip:g}" for clip in clips)))
        made.append(("KL weight", f"{config.get('kl'):g}"))
        if config.get("interpolation", 1) < 1:
            made.append(("published weights", f"{config['interpolation']:g} of the way from the first to the last"))
    elif "batch_size" in config:
        made.append(("a step", f"{config['batch_size']} {'pairs' if stage == 'reward_model' else 'traces'}"))
        made.append(("epochs", str(config.get("epochs"))))
    rate = (config.get("optimizer") or {}).get("learning_rate")
    if rate is not None:
        made.append(("learning rate", f"{rate:g}"))
    for name in ("reward", "loss"):
        ends = first_and_last(rows, name)
        if ends:
            made.append((f"{name}, first and last step", f"{ends[0]:.3g} → {ends[1]:.3g}"))
            break
    made += lengths.facts(rows)
    if manifest.get("wall_seconds") is not None:
        made.append(("wall time", words.duration(manifest["wall_seconds"])))
    return made


def memory(run: RunFolder, stage: str) -> Facts:
    """The largest resident memory of the rule's last run, as Snakemake measured it; nothing where it did not."""
    path = run.path / "timing" / f"{stage}.tsv"
    if not path.is_file():
        return []
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8", errors="replace").splitlines()]
    measured = dict(zip(rows[0], rows[-1], strict=False)).get("max_rss", "") if len(rows) > 1 else ""
    return [("peak memory", words.size(float(measured) * MEGA))] if measured.replace(".", "", 1).isdecimal() else []


def hacking(meter: dict[str, Any] | None) -> Rows:
    """The hacking meter as rows: what, count, of how many, share with its interval."""
    if not meter:
        return []
    figures = meter["traits"] | {"disagreement": meter["disagreement"]}
    return [{"what": words.metric(name), **figure} for name, figure in figures.items() if figure["n"]]


def profile(run: RunFolder, window: list[float] | None) -> list[dict[str, Any]]:
    """Pass rates of the cold-start model by domain: counts, a histogram, how many lie in RL's window."""
    rows = run.rows("profile/profile.parquet", PROFILE) or []
    made = []
    for domain in dict.fromkeys(row["domain"] for row in rows):
        rates = [row["pass_rate"] for row in rows if row["domain"] == domain and row["pass_rate"] is not None]
        if not rates:
            continue
        low, high = window or (0.0, 1.0)
        made.append(
            {
                "domain": domain,
                "problems": len(rates),
                "mean": sum(rates) / len(rates),
                "never": sum(rate == 0 for rate in rates),
                "always": sum(rate == 1 for rate in rates),
                "within": sum(low <= rate <= high for rate in rates),
                "window": window,
                "spec": charts.histogram(histogram(rates)),
            }
        )
    return made


def histogram(rates: list[float]) -> dict[str, int]:
    """How many problems are never solved, solved in each fifth of the samples, and always."""
    counts = Counter(0 if r == 0 else BINS + 1 if r == 1 else min(int(r * BINS), BINS - 1) + 1 for r in rates)
    width = 100 // BINS
    labels = ["never", *(f"{i * width}–{(i + 1) * width}" for i in range(BINS)), "always"]
    return {label: counts[i] for i, label in enumerate(labels)}
