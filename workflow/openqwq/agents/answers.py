r"""Final answers: a number or a name in the last `\boxed{…}` of the model's last turn.

Numbers are compared by the math verifier's own reading. What only a computer algebra system could read is no number here, so a
judgement needs neither a process of its own nor a clock.
"""

from openqwq.agents.environment import BadTask
from openqwq.verify import Verdict, correct, incorrect, split_thinking
from openqwq.verify.answer import boxes
from openqwq.verify.math.compare import same
from openqwq.verify.math.evaluate import TooBig, Undefined
from openqwq.verify.math.limits import beyond_limits
from openqwq.verify.math.notation import clean
from openqwq.verify.math.numbers import numbers_equal, parse_number
from openqwq.verify.math.read import read
from openqwq.verify.math.tokens import Unreadable
from openqwq.verify.math.worked_out import CALCULATION, worked_out

MAX_BOXES = 20
MAX_TEXT = 200  # characters of a name


def judged(gold: str, turn: str) -> Verdict:
    """Whether the turn's boxes say the gold, all of them; the gold is a number or a name."""
    found = boxes(split_thinking(turn)[1])
    if not found:
        return incorrect("no answer: no closed box after the thinking")
    if len(found) > MAX_BOXES:
        return incorrect(f"limit: {len(found)} boxes, at most {MAX_BOXES}")
    for box in set(found):
        broken = beyond_limits(box)
        if broken:
            return incorrect(f"limit: {broken}")
        if not (_same_number(gold, box) if parse_number(clean(gold)) is not None else _same_name(gold, box)):
            return incorrect("not equal to the gold" if len(set(found)) == 1 else "several boxes with different answers")
    if parse_number(clean(gold)) is not None and not worked_out(gold, found[-1]):
        return incorrect(CALCULATION)
    return correct()


def require_gold(gold: str) -> None:
    """Raises `BadTask` for an answer that says nothing: an empty box would be right."""
    if parse_number(clean(gold)) is None and not _plain(gold):
        raise BadTask("the answer is neither a number nor a name")


def _same_number(gold: str, given: str) -> bool:
    expected, value = parse_number(clean(gold)), parse_number(clean(given))
    if expected is not None and value is not None:
        return numbers_equal(expected, value)
    try:
        return same(read(clean(gold)), read(clean(given)))
    except Unreadable:
        return False
    except (TooBig, Undefined, ArithmeticError, ValueError, RecursionError):  # a number beyond all use
        return False


def _same_name(gold: str, given: str) -> bool:
    return len(given) <= MAX_TEXT and _plain(gold) == _plain(given)


def _plain(text: str) -> str:
    """Without LaTeX's dress, case, articles and punctuation."""
    for dress in (r"\text", r"\mathrm", r"\textbf"):
        text = text.replace(dress, " ")
    words = "".join(character if character.isalnum() else " " for character in text.casefold()).split()
    return " ".join(word for word in words if word != "the")
