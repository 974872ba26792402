"""A plan as text for a terminal."""

from openqwq.plan import efficiency
from openqwq.plan.run_plan import RunPlan
from openqwq.plan.stage_plan import StagePlan

HEAD = ("stage", "parameters", "GPUs", "tokens", "FLOPs", "hours", "GPU-hours", "GB a GPU", "fits", "most time goes to")


def text(made: RunPlan) -> str:
    """The table, what takes the memory, and what was assumed; ends without a newline."""
    if made.model is None:
        return f"plan of {made.config.run}: none, {made.note}."
    where = f"{made.gpu.name}, {made.gpu.memory / 1e9:.0f} GB" if made.gpu else "CPU"
    lines = [f"plan of {made.config.run}: {made.model.name}, {count(made.model.parameters)} parameters, {where}", ""]
    rows = [_row(stage) for stage in made.stages]
    head = HEAD if made.gpu else tuple("GB" if cell == "GB a GPU" else cell for cell in HEAD)
    if made.gpu:
        rows.append(_total(made.stages))
    lines += aligned([head, *rows])
    lines += ["", *_memory(made.stages)]
    lines += [f"{stage.name}: {problem}" for stage in made.stages for problem in stage.problems]
    lines += [f"{stage.name}: {note}" for stage in made.stages for note in stage.notes]
    return "\n".join([*lines, *_assumed(made)])


def _row(stage: StagePlan) -> tuple[str, ...]:
    return (
        stage.name,
        count(stage.parameters),
        f"{stage.nodes}×{stage.gpus // stage.nodes}" if stage.gpus else "–",
        count(stage.tokens),
        count(stage.flops),
        hours(stage.hours),
        hours(stage.gpu_hours) if stage.gpus else "–",
        f"{stage.peak / 1e9:.1f}",
        "no" if stage.problems else "yes" if stage.room else "–",
        stage.limit or "–",
    )


def _total(stages: list[StagePlan]) -> tuple[str, ...]:
    tokens, flops = sum(s.tokens or 0 for s in stages), sum(s.flops or 0 for s in stages)
    time, cost = sum(s.hours or 0 for s in stages), sum(s.gpu_hours or 0 for s in stages)
    return ("all", "", "", count(tokens), count(flops), hours(time), hours(cost), "", "", "")


def _memory(stages: list[StagePlan]) -> list[str]:
    lines = ["memory in GB, by what takes it:"]
    for stage in stages:
        for phase, parts in stage.memory.items():
            shown = ", ".join(f"{what} {size / 1e9:.1f}" for what, size in parts.items() if size >= 0.05e9)
            lines.append(f"  {stage.name}, {phase} {sum(parts.values()) / 1e9:.1f}: {shown}")
    return lines


def _assumed(made: RunPlan) -> list[str]:
    plan = made.config.plan
    if made.gpu is None:
        return ["", "CPU: memory only; rows as long as allowed unless plan.longest_tokens says otherwise."]
    gpu = made.gpu
    lengths = f"completions of {plan.completion_share:.0%} of the longest allowed, where plan.mean_tokens gives none"
    return [
        "",
        "assumed (docs/plan.md says on what runs it was tried):",
        f"  {lengths}; prompts of {plan.prompt_tokens} tokens; {plan.live_share:.0%} of the groups vary",
        f"  {gpu.name}: {gpu.flops / 1e12:.0f} TFLOP/s, {gpu.bandwidth / 1e9:.0f} GB/s at best",
        *(f"  {what}: {value}" for what, value in efficiency.LINES),
    ]


def count(value: float | None) -> str:
    """Three digits and a unit: 32.8 billion."""
    if value is None:
        return "–"
    for size, unit in ((1e15, ""), (1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value:.1e}" if size == 1e15 else f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def hours(value: float | None) -> str:
    """Hours with the digits that mean something."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns two spaces apart; the first and the last to the left, numbers to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    last = len(widths) - 1
    return [
        "  ".join(
            cell.ljust(width) if at in (0, last) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
