"""Step `gold`: the gold of a row verifies, and a wrong one does not. A gold that its own verifier cannot read would turn into
rewards that mean nothing."""

from contextlib import ExitStack

from openqwq.data.ledger import Dropped
from openqwq.data.rows import Row
from openqwq.data.steps import gold_environment
from openqwq.data.steps.golds import NoTrial, Trial, trial
from openqwq.verify import Item, Judged, Verdict, VerifierPool

SECONDS = 20.0  # wall time for one judgement; references that take longer are of no use in training


class Golds:
    """A pool of verifier processes that starts with the first row to judge. A context manager."""

    def __init__(self, workers: int) -> None:
        self._workers, self._stack = workers, ExitStack()
        self._pool: VerifierPool | None = None

    def __enter__(self) -> "Golds":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def judge(self, items: list[Item]) -> list[Judged]:
        """The verdicts in the order of `items`."""
        if not items:
            return []
        self._pool = self._pool or self._stack.enter_context(VerifierPool(workers=self._workers, seconds=SECONDS))
        return self._pool.judge(items)


def check(rows: list[Row], golds: Golds) -> tuple[list[Row], list[Dropped]]:
    """Keeps rows without a verifier, and rows whose gold is judged as it must be. Two or three judgements a row."""
    trials: dict[int, Trial] = {}
    reasons: dict[int, str] = {}
    for at, row in enumerate(rows):
        if row["verifier"] is None:
            continue
        try:
            if row["verifier"] == "environment":  # not the pool's: agents score it
                solved, idle = gold_environment.trials(row)
                if (why := fault(solved, [idle], "doing nothing")) is not None:
                    reasons[at] = why
            else:
                trials[at] = trial(row)
        except NoTrial as error:
            reasons[at] = str(error)
    items, owners = [], []
    for at, tried in trials.items():
        for number, completion in enumerate([tried.right, *tried.wrong]):
            if completion is not None:
                items.append(Item(f"{rows[at]['id']}/{number}", rows[at]["verifier"], rows[at]["reference"], completion))
                owners.append(at)
    verdicts: dict[int, list[Verdict]] = {at: [] for at in trials}
    for at, judged in zip(owners, golds.judge(items), strict=True):
        verdicts[at].append(judged.verdict)
    for at, tried in trials.items():
        right = verdicts[at].pop(0) if tried.right is not None else None
        reason = fault(right, verdicts[at], tried.what)
        if reason is not None:
            reasons[at] = reason
    kept = [row for at, row in enumerate(rows) if at not in reasons]
    return kept, [(rows[at], reason) for at, reason in sorted(reasons.items())]


def fault(right: Verdict | None, wrong: list[Verdict], what: str) -> str | None:
    """What the verdicts say against a gold, or None. `right` is None where there is no reference answer to judge."""
    for verdict in wrong if right is None else [right]:
        if verdict.outcome == "unscorable":
            return f"the gold cannot be scored: {verdict.reason}"
    if right is not None and right.outcome == "incorrect":
        return f"the gold is judged incorrect: {right.reason}"
    if not any(verdict.outcome == "incorrect" for verdict in wrong):
        return f"{what} is not judged incorrect"
    return None
