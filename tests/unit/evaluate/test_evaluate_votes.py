"""Classes of equal answers, with the real verifier in its processes."""

import time

from openqwq.evaluate import votes as module
from openqwq.evaluate.votes import votes


def row(problem, text, verdict="incorrect", verifier="math"):
    return {"problem_id": problem, "text": text, "verdict": verdict, "verifier": verifier}


def boxed(*answers):
    return [row("p", f"\\boxed{{{answer}}}") for answer in answers]


def test_equal_in_value_is_equal():
    assert votes(boxed("\\frac{1}{2}", "3", "0.5", "3.0", "x+1", "1+x"), 1) == [1, 2, 1, 2, 3, 3]


def test_correct_ones_are_one_class_and_problems_do_not_mix():
    rows = [
        row("a", "\\boxed{4}", "correct"),
        row("a", "\\boxed{7}"),
        row("b", "\\boxed{7}"),
        row("a", "\\boxed{4.0}", "correct"),
    ]
    assert votes(rows, 1) == [0, 1, 1, 0]


def test_who_does_not_vote():
    rows = [
        row("p", "nothing"),
        row("p", "\\boxed{}"),
        row("p", "\\boxed{1} or \\boxed{2}"),
        row("p", "\\boxed{1}", "unscorable"),
        row("p", "\\boxed{1}", verifier="code"),
        row("p", "<think>\\boxed{9}"),
        row("p", "\\boxed{5} so \\boxed{5}"),
    ]
    assert votes(rows, 1) == [None] * 6 + [1]


def test_answers_that_cannot_be_compared_stand_alone(monkeypatch):
    """Towers of powers, braces that never close and very long texts neither hang nor raise."""
    monkeypatch.setattr(module, "SECONDS", 1.0)
    started = time.monotonic()
    hostile = ["9^{9^{9^{9^{9}}}}", "\\frac{", "x" * 5000, "x" * 5000 + "y", "(" * 400, "3", "3.0"]
    made = votes(boxed(*hostile), 2)
    assert time.monotonic() - started < 60
    assert made[-1] == made[-2]
    known = [vote for vote in made[:-2] if vote is not None]
    assert len(set(known)) == len(known)
