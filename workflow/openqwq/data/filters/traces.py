"""The filters of cold-start traces in their order, cheapest first, as one step: rows kept, rows dropped with a reason."""

import json
from collections.abc import Sequence

from openqwq.config.curate import TraceFilters
from openqwq.data.filters import trace_answer, trace_disagree, trace_eval, trace_guess, trace_language, trace_repetition
from openqwq.data.judging import Judging
from openqwq.data.rows import Row
from openqwq.verify import Item

Dropped = tuple[Row, str]


def first_reason(row: Row, config: TraceFilters, evaluations: trace_eval.Matcher | None = None) -> str | None:
    """What the filters that need no verifier say of one trace: the first reason, or None."""
    found = trace_guess.reason(row, config.min_thinking_words) if config.guessing else None
    found = found or trace_repetition.reason(row, config.max_cycles, config.max_repeated)
    found = found or trace_language.reason(row, tuple(config.languages), config.max_foreign)
    return found or (None if evaluations is None else trace_eval.reason(row, evaluations))


def check(
    rows: Sequence[Row], config: TraceFilters, pool: Judging, evaluations: trace_eval.Matcher | None = None
) -> tuple[list[Row], list[Dropped]]:
    """The traces that pass all filters, in order, each verified that has a verifier; the others with the first reason against
    them.

    Raises `UserError` for an unknown verifier, and for code where no sandbox can be had.
    """
    reasons = [first_reason(row, config, evaluations) for row in rows]
    for examine in (trace_answer.reasons, disagreements):
        left = [at for at, found in enumerate(reasons) if found is None]
        for at, found in zip(left, examine([rows[at] for at in left], pool), strict=True):
            reasons[at] = found
    kept = [row for row, found in zip(rows, reasons, strict=True) if found is None]
    return kept, [(row, found) for row, found in zip(rows, reasons, strict=True) if found is not None]


def disagreements(rows: Sequence[Row], pool: Judging) -> list[str | None]:
    """`trace_disagree` with the verifier `math` as the judge of equality: 1/2 and 0.5 agree. What it cannot read passes."""
    pairs = [trace_disagree.claims(row) for row in rows]
    open_ = [at for at, pair in enumerate(pairs) if pair is not None and not trace_disagree.same_text(*pair)]
    items = [
        Item(str(at), "math", json.dumps({"answer": pair[0]}), f"\\boxed{{{pair[1]}}}")
        for at, pair in ((at, pairs[at]) for at in open_)
        if pair is not None
    ]
    found: list[str | None] = [None] * len(rows)
    for at, result in zip(open_, pool.judge(items) if items else [], strict=True):
        if result.verdict.outcome == "incorrect":
            found[at] = trace_disagree.reason(rows[at], _never)
    return found


def _never(_left: str, _right: str) -> bool:
    """The verifier has said already that they differ."""
    return False
