"""Vega-Lite charts through Altair. Colours and fonts are set by the page, which knows light from dark."""

from typing import Any

import altair as alt

from openqwq.report.runfolder import Rows

POINTS = 400  # a series is thinned to about this many, evenly
FEW = 40  # up to so many steps each one is marked by a dot
FEW_STEPS = 8
TINY, LARGE = 1e-3, 1e4  # values beyond are labelled as 1e-4 and 20k
LEGEND = 48  # characters that fit above a chart


def lines(series: dict[str, list[tuple[int, float]]], *, percent: bool = False) -> dict[str, Any]:
    """Curves over steps, one a name; `percent` shows shares as percentages on a scale from 0."""
    rows: Rows = [{"step": step, "name": name, "value": value} for name, points in series.items() for step, value in thin(points)]
    few = max(map(len, series.values())) <= FEW
    largest = max(abs(row["value"]) for row in rows)
    ticks = ".0%" if percent else "~e" if largest < TINY else "~s" if largest >= LARGE else "~r"
    steps = sorted({row["step"] for row in rows})
    whole = steps if len(steps) <= FEW_STEPS else alt.Undefined  # or the axis shows half a step
    chart = alt.Chart(alt.Data(values=rows)).mark_line(point={"size": 22, "filled": True} if few else False, strokeWidth=1.8)
    encoding: dict[str, Any] = {
        "x": alt.X("step:Q", title="step", axis=alt.Axis(values=whole, grid=False, format="~s")),
        "y": alt.Y("value:Q", title=None, scale=alt.Scale(zero=percent), axis=alt.Axis(format=ticks, tickCount=5)),
        "tooltip": [
            alt.Tooltip("name:N", title="figure"),
            alt.Tooltip("step:Q"),
            alt.Tooltip("value:Q", format=".1%" if percent else ".4~g"),
        ],
    }
    if len(series) > 1:
        columns = max(1, LEGEND // max(len(name) + 4 for name in series))
        legend = alt.Legend(title=None, orient="top", symbolType="stroke", columns=columns, labelLimit=0)
        encoding["color"] = alt.Color("name:N", sort=list(series), legend=legend)
    return _finished(chart.encode(**encoding))


def bands(rows: Rows) -> dict[str, Any]:
    """Distributions over steps: a line for the median within a band from p10 to p90, one a name.

    Each row has `step`, `name`, `p10`, `p50`, `p90` and `mean`.
    """
    steps = sorted({row["step"] for row in rows})
    whole = steps if len(steps) <= FEW_STEPS else alt.Undefined
    tooltip = [alt.Tooltip("name:N", title="which"), alt.Tooltip("step:Q")]
    tooltip += [alt.Tooltip(f"{figure}:Q", format=".4~g") for figure in ("p10", "p50", "p90", "mean")]
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("step:Q", title="step", axis=alt.Axis(values=whole, grid=False, format="~s")),
        color=alt.Color("name:N", legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolOpacity=1)),
    )
    band = base.mark_area(opacity=0.18).encode(y=alt.Y("p10:Q", title=None, axis=alt.Axis(tickCount=5)), y2="p90:Q")
    point = {"size": 22, "filled": True} if len(steps) <= FEW else False
    line = base.mark_line(point=point, strokeWidth=1.8).encode(y=alt.Y("p50:Q", title=None), tooltip=tooltip)
    return _finished(alt.layer(band, line))


def histogram(counts: dict[str, int]) -> dict[str, Any]:
    """Bars of counts by label, in the order given."""
    rows = [{"label": label, "rows": rows} for label, rows in counts.items()]
    chart = alt.Chart(alt.Data(values=rows)).mark_bar(cornerRadiusEnd=2)
    return _finished(
        chart.encode(
            x=alt.X("label:N", sort=list(counts), title="share of samples solved, %", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("rows:Q", title="problems", axis=alt.Axis(tickMinStep=1, tickCount=5)),
            tooltip=[alt.Tooltip("label:N", title="solved"), alt.Tooltip("rows:Q", title="problems")],
        )
    )


def calibration(cells: Rows) -> dict[str, Any]:
    """Observed against predicted shares with their 95 % intervals; the dashed line is where both are equal.

    Each row has `predicted`, `observed`, `low`, `high` and `n`.
    """
    axis = alt.Axis(format=".0%", tickCount=5)
    ends = alt.Scale(domain=[0.5, 1.0])
    y = alt.Scale(domain=[min(0.5, *(cell["low"] for cell in cells)), 1.0])
    equal = alt.Chart(alt.Data(values=[{"predicted": 0.5, "observed": 0.5}, {"predicted": 1.0, "observed": 1.0}]))
    line = equal.mark_line(strokeDash=[4, 4], strokeWidth=1, opacity=0.6).encode(x="predicted:Q", y="observed:Q")
    base = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("predicted:Q", title="predicted that the higher score is the chosen one", scale=ends, axis=axis)
    )
    bar = base.mark_rule(strokeWidth=1.4).encode(y=alt.Y("low:Q", title="observed", scale=y, axis=axis), y2="high:Q")
    shares = [alt.Tooltip(f"{name}:Q", format=".1%") for name in ("predicted", "observed", "low", "high")]
    dot = base.mark_circle(size=50, opacity=1).encode(y="observed:Q", tooltip=[*shares, alt.Tooltip("n:Q", title="pairs")])
    return _finished(alt.layer(line, bar, dot))


def thin(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """At most about `POINTS` points, evenly spaced, the last one kept."""
    stride = -(-len(points) // POINTS)
    return points if stride <= 1 else [*points[:-1:stride], points[-1]]


def _finished(chart: Any) -> dict[str, Any]:
    made: dict[str, Any] = chart.properties(width="container", height=190).to_dict()
    made.pop("config", None)
    return made
