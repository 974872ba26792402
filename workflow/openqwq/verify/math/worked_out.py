r"""Is an answer a number that is written out? `{"answer": "13", "form": "number"}` asks for one.

To a verifier of values `4 - 0 + 9` is 13. Where the problem itself is a calculation, repeating it would then be an answer, and
reinforcement learning finds that within ten steps: the model copies the question into the box and solves everything.
"""

import re

from openqwq.verify.math.notation import clean
from openqwq.verify.math.read import read
from openqwq.verify.math.shapes import Scalar
from openqwq.verify.math.split import split_at
from openqwq.verify.math.tokens import Unreadable

_FRACTION = re.compile(r"\d\s*/\s*\d|\\[dt]?frac\s*\{?\s*[+-]?\d")
CALCULATION = "not worked out: the box holds a calculation, not its result"


def worked_out(gold: str, answer: str) -> bool:
    r"""Whether the answer, or what stands behind its last `=`, is one number: digits, decimal or fraction, perhaps with a unit.

    A fraction for a whole number (`6/2`) still has to be worked out. For an answer that was found equal to the gold."""
    last = split_at(clean(answer), "=")[-1]
    try:
        shape, whole = read(last), read(clean(gold))
    except Unreadable:
        return False
    if not isinstance(shape, Scalar) or shape.number is None:
        return False
    if not isinstance(whole, Scalar) or whole.number is None or whole.number.value.denominator > 1:
        return True
    return _FRACTION.search(last) is None
