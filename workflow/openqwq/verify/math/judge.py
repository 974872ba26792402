r"""The verifier `math`: is the last `\boxed{…}` after the thinking equal to the gold?

Reference: `{"answer": "…"}`, with `"form": "number"` where a calculation is no answer (worked_out.py). What the gold causes is
`unscorable`; what the answer causes (too long, too deep, too big, too slow) is `incorrect(limit: …)`.
"""

from typing import Any

from openqwq.verify.answer import boxes, split_thinking
from openqwq.verify.item import Watch
from openqwq.verify.math import symbolic
from openqwq.verify.math.compare import same, too_big
from openqwq.verify.math.evaluate import TooBig
from openqwq.verify.math.limits import beyond_limits, too_big_to_simplify
from openqwq.verify.math.notation import clean
from openqwq.verify.math.numbers import numbers_equal, parse_number
from openqwq.verify.math.read import read
from openqwq.verify.math.tokens import Unreadable
from openqwq.verify.math.worked_out import CALCULATION, worked_out
from openqwq.verify.verdict import Verdict, correct, incorrect, unscorable

MAX_BOXES = 20
ORDINARY = 200  # characters up to which a gold is not weighed before it is compared with its own text


class UnusableGold(Exception):
    """The reference cannot be parsed or breaks a limit."""


class Limit(Exception):
    """The answer breaks a documented limit."""


def judge(reference: Any, completion: str, watch: Watch) -> Verdict:
    """Judges one completion. Several boxes with different values are a list of candidates, so `incorrect`."""
    gold = reference.get("answer") if isinstance(reference, dict) else None
    if isinstance(gold, int | float) and not isinstance(gold, bool):
        gold = "" if gold != gold else repr(gold).replace("inf", r"\infty")  # NaN is no answer
    if not isinstance(gold, str) or not gold.strip():
        return unscorable('reference: no text under "answer"')
    form = reference.get("form")
    if form not in (None, "number"):
        return unscorable(f'reference: "form" is {str(form)[:40]!r}, and there is only "number"')
    _, answer = split_thinking(completion)
    found = boxes(answer)
    if not found:
        return incorrect("no answer: no closed box after the thinking")
    try:
        last = found[-1]
        if not last:
            return incorrect("no answer: the box is empty")
        if len(found) > 1:
            if len(found) > MAX_BOXES:
                return incorrect(f"limit: {len(found)} boxes, at most {MAX_BOXES}")
            for other in set(found) - {last}:
                if not equal(last, other, watch, gold_is_ours=False):
                    return incorrect("several boxes with different answers")
        if not equal(gold, last, watch):
            return incorrect("not equal to the gold")
        if form == "number" and not worked_out(gold, last):
            return incorrect(CALCULATION)
        return correct()
    except UnusableGold as error:
        return unscorable(f"reference: {error}")
    except Limit as error:
        return incorrect(f"limit: {error}")


def equal(gold: str, answer: str, watch: Watch, *, gold_is_ours: bool = True) -> bool:
    """Equality in value. Raises `Limit` and `UnusableGold`; with `gold_is_ours` false both sides are the completion's."""
    blame: type[Exception] = UnusableGold if gold_is_ours else Limit
    for text, error in ((gold, blame), (answer, Limit)):
        if broken := beyond_limits(text):
            raise error(broken)
    expected, given = clean(gold), clean(answer)
    left, right = parse_number(expected), parse_number(given)
    if left is not None and right is not None:
        return numbers_equal(left, right)
    heavy = len(expected) > ORDINARY or r"\binom" in expected or too_big_to_simplify(expected) is not None
    if expected == given and expected and not heavy:
        return True
    try:
        gold_shape = read(expected)
    except Unreadable:
        gold_shape = None
    except Exception as error:
        raise blame(_described(error)) from error
    if gold_shape is not None:
        if heavy and too_big(gold_shape):
            raise blame("a number beyond all limits")
        try:
            return same(gold_shape, read(given))
        except Unreadable as error:
            if not error.foreign:
                return False  # the gold is of a kind that we know, and the answer is no mathematics
        except Exception as error:
            raise (blame if too_big(gold_shape) else Limit)(_described(error)) from error
        if not too_big(gold_shape):
            blame = Limit  # such a gold is no trouble by itself; the answer brought it here
    expected, given = (text.replace(r"\usd ", "") for text in (expected, given))
    return _symbolically(expected, given, watch, blame)


def _described(error: Exception) -> str:
    if isinstance(error, TooBig):
        return str(error)
    return "too many operations" if isinstance(error, RecursionError) else f"it ended in {type(error).__name__}"


def _symbolically(expected: str, given: str, watch: Watch, blame: type[Exception]) -> bool:
    """What our own reader does not know goes to math-verify, in a worker that can be killed."""
    for text, error in ((expected, blame), (given, Limit)):
        if broken := too_big_to_simplify(text):
            raise error(broken)
    watch.phase("loading")
    symbolic.load()
    watch.phase("gold" if blame is UnusableGold else "completion")
    try:
        gold = symbolic.parse(expected)
    except Exception as error:
        raise blame(f"parsing it ended in {type(error).__name__}") from error
    if gold is None:
        if blame is Limit:
            return False
        raise UnusableGold(f"{expected!r} cannot be parsed")
    watch.phase("completion")
    try:
        answer = symbolic.parse(given)
        return answer is not None and symbolic.equal(gold, answer)
    except Exception as error:
        raise Limit(f"comparing ended in {type(error).__name__}") from error
