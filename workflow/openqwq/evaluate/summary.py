"""All stages side by side: one table of scores and the gate, recomputed from the samples themselves."""

from pathlib import Path
from typing import Any

from openqwq.artifacts.files import read_table, write_table
from openqwq.artifacts.schemas import SAMPLE, SCORE
from openqwq.config.evaluate import EvaluateConfig
from openqwq.errors import UserError
from openqwq.evaluate import ifeval_scores
from openqwq.evaluate.gate import Frames, comparisons, decide
from openqwq.evaluate.scores import frame, score_rows
from openqwq.stage import Stage

SCORES = "scores.parquet"


def run(stage: Stage, config: EvaluateConfig, folders: dict[str, Path], out_scores: Path, out_gate: Path) -> None:
    """Publishes `out_scores` (`SCORE` rows of every stage, the same as JSON beside it) and `out_gate` (the gate, comparisons).

    `folders` maps stage names to what `run.run` published. A gate that fails is published like any other: it is a finding.
    Raises `UserError` where no stage was evaluated.
    """
    if not folders:
        raise UserError("evaluate.stages: no stage was evaluated, so there is nothing to compare. Name at least one.")
    frames: Frames = {}
    rows: list[dict[str, Any]] = []
    for name, folder in folders.items():
        seconds = {row["benchmark"]: row["seconds"] for row in read_table(folder / SCORES, SCORE).to_pylist()}
        frames[name] = {}
        for path in sorted(p for p in folder.glob("*.parquet") if p.name != SCORES):
            table = read_table(path, SAMPLE)
            samples = frames[name][path.stem] = frame(table)
            took, draws = seconds.get(path.stem, 0.0), config.bootstrap
            made = score_rows(name, path.stem, samples, seconds=took, draws=draws, seed=stage.seed)
            if path.stem == ifeval_scores.BENCHMARK:
                made += ifeval_scores.added(made, table.to_pylist(), draws=draws, seed=stage.seed)
            rows += made
    gate = decide(frames, config, stage.seed) | {"comparisons": comparisons(frames, config, stage.seed)}
    stage.publish_file(out_scores, lambda path: write_table(path, rows, SCORE))
    stage.publish_json(out_scores.with_suffix(".json"), rows)
    stage.publish_json(out_gate, gate)
    stage.progress.say(f"gate: {gate['verdict']}" + "".join(f"; {b['benchmark']} {b['verdict']}" for b in gate["benchmarks"]))
