"""The first screen: the run in one sentence, the scores of each stage, what the comparisons show, the gate."""

from collections.abc import Iterable
from typing import Any

from openqwq.report.runfolder import Rows
from openqwq.report.words import count

ORDER = ("base", "coldstart", "reason", "general")
HEADLINE = "avg@k"
PART, TURNS = "success/", "turns="


def stages_of(scores: Rows) -> list[str]:
    """The evaluated stages in the order of the recipe."""
    present = {row["stage"] for row in scores}
    return [stage for stage in ORDER if stage in present] + sorted(present - set(ORDER))


def score_table(scores: Rows, gate: dict[str, Any] | None) -> list[dict[str, Any]]:
    """One row a benchmark: name, domain, n and k (`1–6` where stages differ), the most `problems` of a stage, a cell a stage.

    A cell is the stage's `SCORE` row with `change`, the paired comparison with the stage before, or None; and `clean`, the row
    of the problems that no training data touches, or None where that is all of them.
    """
    clean = {(row["benchmark"], row["stage"]): row for row in scores if (row["metric"], row["subset"]) == (HEADLINE, "clean")}
    changes = {(c["benchmark"], c["after"]): c for c in (gate or {}).get("comparisons", [])}
    table: dict[str, dict[str, Any]] = {}
    for row in scores:
        if (row["metric"], row["subset"]) != (HEADLINE, "all"):
            continue
        line = table.setdefault(row["benchmark"], {"benchmark": row["benchmark"], "domain": row["domain"], "cells": {}})
        key = (row["benchmark"], row["stage"])
        line["cells"][row["stage"]] = row | {"change": changes.get(key), "clean": clean.get(key)}
    for line in table.values():
        cells = line["cells"].values()
        line |= {"n": span(cells, "n"), "k": span(cells, "k"), "problems": max(cell["n"] for cell in cells)}
    return sorted(table.values(), key=lambda line: (line["domain"] != "math", line["domain"], line["benchmark"]))


def span(rows: Iterable[dict[str, Any]], figure: str) -> str:
    """The problems `n` or the samples a problem `k` of some `SCORE` rows: `6`, or `1–6`."""
    values = sorted({row[figure] for row in rows})
    return "–".join(count(value) for value in dict.fromkeys((values[0], values[-1])))


def episodes(scores: Rows) -> list[dict[str, Any]]:
    """Success of episodes by environment, then by number of turns: benchmark, part, and each stage's `SCORE` row or None."""
    table: dict[tuple[str, str], dict[str, Any]] = {}
    for row in scores:
        if row["metric"].startswith(PART):
            part = row["metric"].removeprefix(PART)
            turns = int(part.removeprefix(TURNS)) if part.startswith(TURNS) else 0
            shown = f"{turns} turn{'s' if turns > 1 else ''}" if turns else part
            line = table.setdefault(
                (row["benchmark"], part), {"benchmark": row["benchmark"], "part": shown, "turns": turns, "cells": {}}
            )
            line["cells"][row["stage"]] = row
    return sorted(table.values(), key=lambda line: (line["benchmark"], line["turns"], line["part"]))


def comparisons(gate: dict[str, Any] | None, benchmarks: list[str]) -> Rows:
    """The gate's paired comparisons, stage after stage, benchmarks in the order given."""
    rows = [row for row in (gate or {}).get("comparisons", []) if row["benchmark"] in benchmarks]
    return sorted(rows, key=lambda row: (ORDER.index(row["after"]), benchmarks.index(row["benchmark"])))


def findings(compared: Rows) -> list[dict[str, Any]]:
    """What each step from one stage to the next shows: gains, losses, and the benchmarks where neither is shown."""
    steps: dict[tuple[str, str], dict[str, Any]] = {}
    for row in compared:
        key = (row["before"], row["after"])
        step = steps.setdefault(key, {"before": key[0], "after": key[1], "gain": [], "loss": [], "none": []})
        step[row["shown"]].append(row)
    return list(steps.values())


def wall_time(manifests: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Executions with the wall time that they took, and its share of the longest; named by the artifact they made.

    Several artifacts of one execution have the same fingerprint and are counted once.
    """
    times: dict[str, tuple[str, float]] = {}
    for name, manifest in manifests.items():
        if manifest.get("wall_seconds") is not None:
            times.setdefault(str(manifest.get("fingerprint") or name), (name, float(manifest["wall_seconds"])))
    longest = max((seconds for _, seconds in times.values()), default=0.0) or 1.0
    return [{"name": name, "seconds": seconds, "share": seconds / longest} for name, seconds in times.values()]
