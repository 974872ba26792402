"""The gate's plan: what it will be able to show, written down before there are results to look at.

Made from the configuration, the benchmarks' tables and what the stage `reason` scored on them; where that was not evaluated,
from the largest spread there can be. General's evaluation waits for it.
"""

from pathlib import Path
from typing import Any

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import SAMPLE
from openqwq.config.evaluate import Benchmark, EvaluateConfig
from openqwq.evaluate.power import DRIFT, detectable_loss, power, problems_for, sampling_variance, spread
from openqwq.evaluate.scores import by_problem, frame
from openqwq.evaluate.work import plan as planned_work
from openqwq.stage import Stage

ENOUGH = 0.8  # power


def run(stage: Stage, config: EvaluateConfig, benchmarks: list[Benchmark], tables: Path, before: Path | None, out: Path) -> None:
    """Publishes the plan as `out`. `tables` holds the benchmarks' problems, `before` what evaluating `reason` published."""
    work = planned_work(config, benchmarks, tables, "general")
    earlier = planned_work(config, benchmarks, tables, "reason") if "reason" in config.stages else {}
    rows = []
    for name in config.gate.benchmarks:
        if name not in work:  # the gate will say: not measured
            continue
        count, samples = work[name].count, work[name].samples
        k_before, accuracies = samples, None
        if name in earlier:  # of a smaller number of problems all are among those of a larger
            count, k_before = min(count, earlier[name].count), earlier[name].samples
        kept = before / f"{name}.parquet" if before is not None else None
        if kept and kept.is_file():
            drawn = frame(read_table(kept, SAMPLE))
            k_before, accuracies = int(drawn["sample"].max()) + 1, list(by_problem(drawn).accuracy)
        rows.append(planned(name, count, (k_before, samples), config.gate.margin, accuracies))
    stage.publish_json(out, {"margin": config.gate.margin, "confidence": 0.95, "drift": DRIFT, "benchmarks": rows})
    for row in rows:
        short = "" if row["power"] >= ENOUGH else f"; {row['problems_needed']} problems would have {ENOUGH:.0%}"
        sizes = f"n = {row['n']}, k = {row['k']}, margin {row['margin']:g}"
        stage.progress.say(f"gate on {row['benchmark']}: {sizes}: power {row['power']:.0%}{short}")


def planned(benchmark: str, n: int, ks: tuple[int, int], margin: float, accuracies: list[float] | None) -> dict[str, Any]:
    """One benchmark's row. `ks` are the samples a problem before and after; `accuracies` those of the problems in the stage
    before, None where they are not known."""
    k_before, k = ks
    known = len(accuracies) if accuracies else 0
    deviation = spread(sampling_variance(accuracies or [], k_before), k, k_before)
    n_used = min(known or n, n)  # problems that could not be scored will be missing in the pair, too
    return {
        "benchmark": benchmark,
        "n": n_used,
        "k": k,
        "k_before": k_before,
        "margin": margin,
        "spread": round(deviation, 6),
        "spread_from": f"the accuracies of reason on {known} problems" if known else "assumed: the largest there can be",
        "power": round(power(deviation, n_used, margin), 6),
        "detectable_loss": round(detectable_loss(deviation, n_used, margin), 6),
        "problems_needed": problems_for(deviation, margin),
    }
