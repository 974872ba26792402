"""Trace filter `wrong answer`: the final answer verifies, or the trace goes. Every trace that is kept was verified again,
but for those without a verifier that `curate.keep` has kept on purpose.

Not a pure function of one row: verdicts come from worker processes, in batches. `reason` reads one verdict.
"""

from collections.abc import Sequence

from openqwq.data.judging import Judging
from openqwq.data.rows import Row
from openqwq.data.steps import gold_environment
from openqwq.verify import Item, Verdict


def reason(verdict: Verdict) -> str | None:
    """Why a trace with this verdict goes, or None. What could not be judged is no wrong answer, and is said apart."""
    if verdict.outcome == "correct":
        return None
    kind = "wrong answer" if verdict.outcome == "incorrect" else "answer cannot be verified"
    return f"{kind}: {verdict.reason}"


def reasons(rows: Sequence[Row], pool: Judging) -> list[str | None]:
    """For each trace why it goes, or None; None also where the row has no verifier. Raises `UserError` for an unknown one."""
    found: list[str | None] = [None] * len(rows)
    for at, row in enumerate(rows):
        if row["verifier"] == "environment":  # not the pool's: agents score it
            found[at] = reason(gold_environment.verdict(row))
    judged = [at for at, row in enumerate(rows) if row["verifier"] not in (None, "environment")]
    items = [Item(str(at), rows[at]["verifier"], rows[at]["reference"] or "null", rows[at]["completion"]) for at in judged]
    for at, result in zip(judged, pool.judge(items) if items else [], strict=True):
        found[at] = reason(result.verdict)
    return found
