"""Our scores beside published ones, as a table for a terminal."""

from typing import Any

from openqwq.evaluate.published import Published


def table(scores: list[dict[str, Any]], known: Published) -> str:
    """A line for each benchmark evaluated: k, n, our figure with its interval, and each model's that has one. In percent.

    `scores` are `SCORE` rows of one checkpoint. Below stand the sources of what is shown.
    """
    ours = [row for row in scores if row["metric"] == "avg@k" and row["subset"] == "all"]
    names = [row["benchmark"] for row in ours]
    models = [model for model in known.models if any(model.figures.get(name) for name in names)]
    lines = [["benchmark", "k", "n", "ours", *(model.name for model in models)]]
    used: dict[str, None] = {}
    for row in ours:
        cells = [model.figures.get(row["benchmark"]) for model in models]
        used |= dict.fromkeys(cell.source for cell in cells if cell)
        shown = [f"{cell.text()} ({list(used).index(cell.source) + 1})" if cell else "–" for cell in cells]
        lines.append([row["benchmark"], str(row["k"]), str(row["n"]), _ours(row), *shown])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.insert(1, "  ".join("-" * width for width in widths))
    sources = [known.sources[name] for name in used]
    text += [f"({number}) {source.title}{f', {source.url}' if source.url else ''}" for number, source in enumerate(sources, 1)]
    return "\n".join(text)


def _ours(row: dict[str, Any]) -> str:
    if row["value"] is None:
        return "none could be scored"
    return f"{100 * row['value']:.1f} [{100 * row['low']:.1f}, {100 * row['high']:.1f}]"
