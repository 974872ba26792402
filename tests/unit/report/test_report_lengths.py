"""The length-bias meter: both distributions in one chart, and what was generated for what is trained on."""

import json

import vl_convert

from openqwq.report.curves import curves
from openqwq.report.lengths import TITLE, facts, panel


def figures(step, **values):
    return [{"step": step, "name": name.replace("__", "/"), "value": value, "seconds": 1.0} for name, value in values.items()]


def length(kind, low):
    return {f"{kind}_length__{figure}": low + add for figure, add in {"p10": 0, "p50": 10, "p90": 40, "mean": 15}.items()}


ROWS = [
    row
    for step in (1, 2, 3)
    for row in figures(
        step,
        **length("generated", 20 + step),
        **(length("trained", 30 + step) if step != 2 else {}),  # nothing was trained on in step 2
        generated_completions=128.0,
        trained_completions=64.0 if step != 2 else 0.0,
        generated_tokens=3000.0,
        trained_tokens=2000.0 if step != 2 else 0.0,
        live_share=1.0 if step != 2 else 0.0,
    )
]


def test_both_distributions_are_drawn_once_side_by_side():
    chart = panel(ROWS)[0]
    values = chart["spec"]["data"]["values"]
    assert [(v["name"], v["step"]) for v in values] == [("generated", s) for s in (1, 2, 3)] + [("trained on", s) for s in (1, 3)]
    assert values[0] | {"name": "", "step": 0} == {"name": "", "step": 0, "p10": 21, "p50": 31, "p90": 61, "mean": 36}
    charted, _ = curves(ROWS)
    assert [chart["title"] for chart in charted].count(TITLE) == 1
    assert not [chart["title"] for chart in charted if "length/" in chart["title"]]
    picture = vl_convert.vegalite_to_svg(json.dumps(chart["spec"] | {"width": 300}))
    assert "trained on" in picture
    assert picture.count("mark-area") == 2


def test_a_stage_is_summed_up_over_all_its_steps():
    assert facts(ROWS) == [
        ("live completions a step", "66.7 %"),
        ("generated for what is trained on", "3.00 × completions"),
        ("mean length, generated and trained on", "23.4 and 31.2 tokens"),
    ]


def test_stages_without_these_figures_have_no_panel_and_no_facts():
    other = figures(1, loss=1.0, generated_tokens=5.0)
    assert (panel(other), facts(other), panel([]), facts([])) == ([], [], [], [])
