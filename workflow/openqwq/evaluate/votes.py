r"""Which completions of a problem give the same answer, by the math verifier's equality, for maj@k.

Correct completions are one class: all of them equal the gold. The other answers are compared with one another, each with the
first of every class, in the verifier processes: an answer that takes long to compare is ended like any other, and stands alone.
A completion votes for what stands in its boxes; without a box, or with different ones, it does not vote.
"""

import json
from collections.abc import Sequence
from typing import Any

from openqwq.evaluate.selecting import RIGHT
from openqwq.verify import Item, VerifierPool, split_thinking
from openqwq.verify.answer import boxes

SECONDS = 2.0  # for one comparison
LONGEST = 500  # characters; longer answers are the same only when they are written alike
VERIFIER = "math"


def votes(rows: Sequence[dict[str, Any]], workers: int) -> list[int | None]:
    """For each judged `COMPLETION` row the number of its class within its problem, `RIGHT` for correct ones, None for no vote.

    Rows of other verifiers, and unscorable ones, do not vote.
    """
    answers: dict[str, dict[str, int]] = {}  # problem -> answer -> class, 0 while it has none
    said = [_answer(row) if row["verifier"] == VERIFIER and row["verdict"] == "incorrect" else None for row in rows]
    for row, answer in zip(rows, said, strict=True):
        if answer is not None:
            answers.setdefault(row["problem_id"], {})[answer] = 0
    with VerifierPool(workers, SECONDS) as verifiers:
        _classify(answers, verifiers)
    made: list[int | None] = []
    for row, answer in zip(rows, said, strict=True):
        right = row["verifier"] == VERIFIER and row["verdict"] == "correct"
        made.append(RIGHT if right else None if answer is None else answers[row["problem_id"]][answer])
    return made


def _answer(row: dict[str, Any]) -> str | None:
    found = set(boxes(split_thinking(row["text"])[1]))
    return found.pop() or None if len(found) == 1 else None


def _classify(answers: dict[str, dict[str, int]], verifiers: VerifierPool) -> None:
    """Numbers the classes of every problem from 1, round by round: the first answer without a class opens one."""
    number = RIGHT
    while left := {problem: [a for a, made in those.items() if not made] for problem, those in answers.items()}:
        left = {problem: those for problem, those in left.items() if those}
        if not left:
            return
        number += 1
        asked: list[tuple[str, str]] = []
        items: list[Item] = []
        for problem, (first, *others) in left.items():
            answers[problem][first] = number
            for other in others if len(first) <= LONGEST else ():
                if len(other) <= LONGEST:
                    asked.append((problem, other))
                    items.append(Item(problem, VERIFIER, json.dumps({"answer": first}), f"\\boxed{{{other}}}"))
        for (problem, other), judged in zip(asked, verifiers.judge(items), strict=True):
            if judged.verdict.outcome == "correct":
                answers[problem][other] = number
