"""One checkpoint on every benchmark: samples, verdicts and scores in one folder.

At once, or in two phases: shards, each a job that draws and judges its share of the problems, and gathering, which judges
again what could not be judged and publishes the whole. What a completion draws depends on seed, prompt and its number
alone, so the number of shards changes no sample but in the last bits that the neighbours in a batch can move.
"""

import json
from pathlib import Path

from openqwq.artifacts.files import read_table, write_json, write_table
from openqwq.artifacts.manifest import read_manifest
from openqwq.artifacts.schemas import COMPLETION, SAMPLE, SCORE
from openqwq.artifacts.shards import Shard, whole_set
from openqwq.config import Execution
from openqwq.evaluate import ifeval_scores
from openqwq.evaluate.annotate import annotate, read_touched
from openqwq.evaluate.drawing import Opener, Scorer, bound_unscorable, draw_all, judge_kept, kept, reward_all
from openqwq.evaluate.scores import frame, score_rows
from openqwq.evaluate.work import Evaluation, Plan, joined, share
from openqwq.generate import open_sampler
from openqwq.stage import Stage
from openqwq.verify import VerifierPool

SECONDS = "seconds.json"  # in a shard: what drawing each benchmark took


def run(stage: Stage, what: Evaluation, out: Path, execution: Execution, opener: Opener = open_sampler) -> None:
    """Publishes `out`: one `<benchmark>.parquet` with every sample, `scores.parquet` and `scores.json`.

    Samples that an interrupted attempt has drawn are not drawn again. Raises `StageFailure` when more than
    `execution.bounds.unscorable` of a benchmark could not be judged: the next attempt judges those anew.
    """
    work = what.plan()
    _sample(stage, what, work, execution, opener, whole=True)
    _publish(stage, what, work, out, execution)


def shard(stage: Stage, what: Evaluation, which: Shard, out: Path, execution: Execution, opener: Opener = open_sampler) -> None:
    """The first phase for one shard: publishes its judged samples as the folder `out`."""
    work = share(what.plan(), which)
    _sample(stage, what, work, execution, opener, whole=False)
    with stage.publish_folder(out) as folder:
        for name in work:
            write_table(folder / f"{name}.parquet", kept(stage, name).rows(), COMPLETION)
        write_json(folder / SECONDS, {name: kept(stage, name).seconds() for name in work})


def gather(stage: Stage, what: Evaluation, shards: list[Path], out: Path, execution: Execution) -> None:
    """The second phase: publishes what `run` does. Raises `UserError` for shards that are not all there or not of this stage."""
    work, shards = what.plan(), whole_set(shards, stage.made_from(), stage.hashes)
    stage.after(shards)
    drawn = [read_manifest(folder)["execution"] for folder in shards]
    stage.facts["drawn_with"] = [one for at, one in enumerate(drawn) if one not in drawn[:at]]
    seconds = [json.loads((folder / SECONDS).read_text(encoding="utf-8")) for folder in shards]
    for name, one in work.items():
        if not kept(stage, name).whole:
            parts = [read_table(folder / f"{name}.parquet", COMPLETION).to_pylist() for folder in shards]
            kept(stage, name).write(joined(parts, one.samples), sum(each[name] for each in seconds))
    with VerifierPool(execution.verifier_workers) as verifiers:
        for name in work:
            judge_kept(stage, name, verifiers)
            bound_unscorable(stage, name, execution.bounds.unscorable)
    _publish(stage, what, work, out, execution)


def _sample(stage: Stage, what: Evaluation, work: Plan, execution: Execution, opener: Opener, *, whole: bool) -> None:
    """Draws and judges. `whole`: these are all problems, so that the share of unscorable samples can be told."""
    with VerifierPool(execution.verifier_workers) as verifiers:

        def drawn(name: str) -> None:
            judge_kept(stage, name, verifiers)
            if whole or work[name].episodes:  # an episode cannot be judged anew by whoever gathers
                bound_unscorable(stage, name, execution.bounds.unscorable)

        draw_all(stage, what, work, execution, opener, drawn)
    if (model := what.inputs.get("reward_model")) is not None:

        def load() -> Scorer:
            from openqwq.train.scorer import RewardScorer

            return RewardScorer.load(model, execution.generation_batch, execution.generation_dtype)

        reward_all(stage, work, load)


def _publish(stage: Stage, what: Evaluation, work: Plan, out: Path, execution: Execution) -> None:
    touched = read_touched(what.inputs.get("contamination"))
    scores = []
    with stage.publish_folder(out) as folder:
        for name in work:
            rows = annotate(name, kept(stage, name).rows(), touched, execution.verifier_workers)
            table = write_table(folder / f"{name}.parquet", rows, SAMPLE)
            seconds, draws = kept(stage, name).seconds(), what.config.bootstrap
            made = score_rows(what.name, name, frame(table), seconds=seconds, draws=draws, seed=stage.seed)
            if name == ifeval_scores.BENCHMARK:
                made += ifeval_scores.added(made, rows, draws=draws, seed=stage.seed)
            scores += made
        write_table(folder / "scores.parquet", scores, SCORE)
        write_json(folder / "scores.json", scores)
    for row in scores:
        if (row["metric"], row["subset"]) == ("avg@k", "all") and row["value"] is not None:
            interval = f"[{row['low']:.3f}, {row['high']:.3f}], n = {row['n']}"
            stage.progress.say(f"{what.name} on {row['benchmark']}: {row['value']:.3f} {interval}")
