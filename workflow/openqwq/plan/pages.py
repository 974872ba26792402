"""The computed tables of docs/plan.md and docs/scaling.md.

`python -m openqwq.plan.pages DOCS` renews them between two marks; a test fails when a page differs from `renew()`.
"""

import sys
from pathlib import Path

import yaml

from openqwq.artifacts.files import replacing
from openqwq.config import load_file
from openqwq.errors import UserError
from openqwq.plan import efficiency
from openqwq.plan.on_cpu import in_precision
from openqwq.plan.published import comparisons
from openqwq.plan.run_plan import plan
from openqwq.plan.scaling import Scale, scales
from openqwq.plan.table import count, hours

BEGIN = "<!-- Made by `make config-reference`; do not edit from here -->\n"
END = "<!-- to here -->\n"
RECIPE = Path(__file__).resolve().parents[3] / "config" / "qwq-32b.yaml"
DEMO = RECIPE.with_name("demo.yaml")


def published_table() -> str:
    """Each published run: its figure, the plan's, predicted over published, what was assumed, where it stands."""
    lines = ["| run | published | predicted | ratio of time | assumed | source |", "|---|---|---|---|---|---|"]
    for run in comparisons():
        told = "not public" if run.published is None else f"{run.published:,g} {run.unit}"
        ratio = "–" if run.ratio is None else f"{run.ratio:.2f}"
        assumed = ". ".join(part for part in (run.assumed, f"**Outside:** {run.outside}" if run.outside else "") if part)
        lines.append(f"| {run.name} | {told} | {_short(run.predicted)} {run.unit} | {ratio} | {assumed} | {run.source} |")
    return "\n".join(lines) + "\n"


def constants_table() -> str:
    """The efficiency constants."""
    return "\n".join(["| constant | value |", "|---|---|", *(f"| {what} | {value} |" for what, value in efficiency.LINES)]) + "\n"


def memory_table() -> str:
    """The demo's stages on a CPU: predicted and measured peak memory."""
    lines = ["| stage | computing in | predicted, MiB | measured, MiB | ratio |", "|---|---|---|---|---|"]
    for name, precision, predicted, measured in measured_stages():
        lines.append(f"| {name} | {precision} | {predicted:,.0f} | {measured:,.0f} | {predicted / measured:.2f} |")
    return "\n".join(lines) + "\n"


def measured_stages() -> list[tuple[str, str, float, float]]:
    """Stage, precision, predicted and measured peak of config/demo.yaml in MiB, as far as they were measured."""
    measured = yaml.safe_load(Path(__file__).with_name("measured_cpu.yaml").read_text(encoding="utf-8"))
    return [
        (stage.name, precision, stage.peak / 2**20, measured[precision][stage.name])
        for precision in ("bfloat16", "float32")
        for stage in plan(in_precision(load_file(DEMO), precision)).stages
        if stage.name in measured[precision]
    ]


def scaling_table() -> str:
    """The recipe of config/qwq-32b.yaml at four sizes."""
    columns = [scale_column(scale) for scale in scales(load_file(RECIPE))]
    rows = zip(*columns, strict=True)
    made = ["| " + " | ".join([row[0][0], *(value for _, value in row)]) + " |" for row in rows]
    return "\n".join([made[0], "|" + "---|" * (len(columns) + 1), *made[1:]]) + "\n"


def scale_column(scale: Scale) -> list[tuple[str, str]]:
    """What the table says of one size, in the order of its rows."""
    assert scale.made.model is not None
    assert scale.made.gpu is not None
    stages = {stage.name: stage for stage in scale.made.stages}
    return [
        ("", scale.made.model.name),
        ("parameters (of a token)", f"{count(scale.made.model.parameters)} ({count(scale.made.model.multiplied)})"),
        ("GPUs of the training stages", f"{scale.nodes} × 8 {scale.made.gpu.name}"),
        ("GPUs an engine", str(scale.made.config.execution.vllm.tensor_parallel_size)),
        ("memory of a GPU at the worst moment, GB", f"{max(stage.peak for stage in scale.made.stages) / 1e9:.0f}"),
        ("hours: reason", hours(stages["reason"].hours)),
        ("hours: profile and evaluation", hours((stages["profile"].hours or 0) + (stages["evaluate"].hours or 0))),
        ("hours in all", hours(scale.total("hours"))),
        ("GPU-hours in all", hours(scale.total("gpu_hours"))),
        ("tokens", count(scale.total("tokens"))),
        ("operations", count(scale.total("flops"))),
        ("completions drawn", count(scale.total("completions"))),
        ("rollout tables, GB", f"{scale.rollout_bytes / 1e9:.0f}"),
        ("one save, GB (keep + 1 of them)", f"{scale.save_bytes / 1e9:,.0f}"),
        ("jobs", str(scale.jobs)),
        ("metadata calls in all", count(scale.metadata)),
        ("of which in one start", count(scale.burst)),
        ("most time of reason goes to", stages["reason"].limit),
        ("what breaks first", scale.breaks_first),
    ]


def renew(page: str, *tables: str) -> str:
    """The page with its marked parts, in order, replaced. Raises `UserError` where the marks are not as many as the tables."""
    parts = page.split(BEGIN)
    if len(parts) != len(tables) + 1 or any(END not in part for part in parts[1:]):
        raise UserError(
            f"the page does not have {len(tables)} parts between {BEGIN.strip()!r} and {END.strip()!r}. Put the lines back."
        )
    made = [parts[0]]
    made += [table + END + part.split(END, 1)[1] for table, part in zip(tables, parts[1:], strict=True)]
    return BEGIN.join(made)


def renewed(docs: Path) -> dict[Path, str]:
    """Both pages as they ought to be."""
    planning, scaling = docs / "plan.md", docs / "scaling.md"
    tables = constants_table(), published_table(), memory_table()
    return {
        planning: renew(planning.read_text(encoding="utf-8"), *tables),
        scaling: renew(scaling.read_text(encoding="utf-8"), scaling_table()),
    }


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    for path, content in renewed(Path(sys.argv[1])).items():
        with replacing(path) as temporary:
            temporary.write_text(content, encoding="utf-8")
