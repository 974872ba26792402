"""The watch on dead steps: a stage whose groups never vary learns nothing, and must not be published as trained.

One dead step is bad luck and costs only its time. Several in a row, or a stage without any other, say that the problems are too
easy or too hard for the policy, or that the rewards cannot tell its completions apart.
"""

from pathlib import Path

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import METRIC
from openqwq.errors import StageFailure

REMEDY = (
    "Look at verdict and reward in {folder}: choose problems that the policy solves now and then (pass_rate, a profile with more "
    "samples), raise group_size, max_generated or sampling.max_tokens, or train the cold start longer; or raise "
    "execution.bounds.dead_steps (0 never stops a stage) and start the stage again: it resumes."
)


def hold_dead_steps(metrics: Path, step: int, bound: int, rollouts: Path, *, end: bool = False) -> None:
    """Raises `StageFailure` when none of the last `bound` batches of rollouts up to optimizer step `step` had a live group,
    or, at the `end`, none of all. A bound of 0 holds nothing.

    It is read from the stored curves, so a resumed stage judges as one that ran through.
    """
    if bound == 0 or not metrics.is_file():
        return
    rows = [row for row in read_table(metrics, METRIC).to_pylist() if row["name"] == "live_groups" and row["step"] <= step]
    alive = [row["value"] > 0 for row in sorted(rows, key=lambda row: row["step"])]
    remedy = REMEDY.format(folder=rollouts)
    if end and alive and not any(alive):
        raise StageFailure(f"in none of {len(alive)} batches of rollouts was a group live: nothing was learnt. {remedy}")
    if len(alive) >= bound and not any(alive[-bound:]):
        raise StageFailure(
            f"step {step}: none of the last {bound} batches of rollouts had a live group (execution.bounds.dead_steps), so "
            f"nothing is learnt any more. {remedy}"
        )
