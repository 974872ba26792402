"""Figures that others have published, beside ours where both have the benchmark and mean the same by it."""

from typing import Any

from openqwq.evaluate.published import Published
from openqwq.report.overview import HEADLINE


def beside(table: list[dict[str, Any]], stages: list[str], known: Published) -> dict[str, Any] | None:
    """`stage`, `models`, `rows` (title, our cell, a cell a model or None) and `sources`; None where no benchmark is shared.

    `table` is that of `overview.score_table`. A model's cell has `text`, in percent, and `source`, its number in
    `sources` from 1.
    """
    measured = {name: one for name, one in known.benchmarks.items() if one.metric == HEADLINE}
    lines = [line for line in table if line["benchmark"] in measured and line["cells"]]
    models = [model for model in known.models if any(model.figures[line["benchmark"]] for line in lines)]
    if not models:
        return None
    used: list[str] = []
    rows = []
    for line in lines:
        cells: list[dict[str, Any] | None] = []
        for cell in (model.figures[line["benchmark"]] for model in models):
            if cell is not None and cell.source not in used:
                used.append(cell.source)
            cells.append({"text": cell.text(), "source": used.index(cell.source) + 1} if cell else None)
        last = max(line["cells"], key=stages.index)
        rows.append({"title": measured[line["benchmark"]].title, "ours": line["cells"][last], "stage": last, "cells": cells})
    sources = [{"title": known.sources[name].title, "url": known.sources[name].url} for name in used]
    return {"stage": stages[-1], "models": [model.name for model in models], "rows": rows, "sources": sources}
