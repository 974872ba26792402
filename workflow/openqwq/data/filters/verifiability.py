"""Filter `verifiability`: a mathematical problem whose final answer can be checked by rules, and a trace that can be verified.

Qwen3's report (section 4.1) drops queries that cannot be verified or ask several things at once; DeepScaleR, Big-Math and
Skywork-OR1 drop proofs, multiple choice and multi-part questions. The kinds, each of which `keep` may keep on purpose:

`proof`            asks to show something, and for no value
`multi_part`       two or more numbered parts, each of which asks
`multiple_choice`  three or more lettered options, or a gold that is but a letter among them
`figure`           speaks of a figure that is not there (`[asy]` code and tables are)
`gold`             the gold is no mathematics, or far beyond what the verifier reads
`no_verifier`      a trace without a verifier: whether its answer is right, nothing can say

Rows of other verifiers pass: their golds are whole programs, constraints or calls. So do problems without one, which a reward
model judges.
"""

import json
import re
from collections.abc import Collection

from openqwq.data.rows import Row
from openqwq.verify.math.limits import beyond_limits
from openqwq.verify.math.notation import clean
from openqwq.verify.math.numbers import parse_number
from openqwq.verify.math.read import read
from openqwq.verify.math.tokens import Unreadable

_ASKS = re.compile(
    r"\b(?:find|determine|compute|calculate|evaluate|solve|simplify|factor|prove|show that|what (?:is|are)"
    r"|how (?:many|much))\b|\?",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"\b(?:find|determine|compute|calculate|evaluate|solve|simplify|what|which|how (?:many|much|long|far|old|often|fast)"
    r"|express|enter your answer)\b|\?",
    re.IGNORECASE,
)
_PROOF = re.compile(
    r"(?:^|[.:;,)$]\s*|\b(?:then|please|and)\s+)(?:prove|show|demonstrate|verify|justify|give a proof|disprove)\b"
    r"(?:\s+(?:that|the|this|or|by|using|if|for)\b|\s*[:$\\])",
    re.IGNORECASE | re.MULTILINE,
)
_PART = re.compile(
    r"(?:^|(?<=[\s.;:,?!]))(?:\(([a-e]|[1-6]|i{1,3}|iv|v)\)|([a-e]|[1-6])\)|part\s+\(?([a-e]|[1-6]|i{1,3})\)?[:.)])\s",
    re.MULTILINE | re.IGNORECASE,
)
_ORDERS = ("abcde", "123456", ("i", "ii", "iii", "iv", "v"))
_OPTION = re.compile(r"(?:^|[\s{$~;,.?:])(?:\\(?:textbf|text|mathrm|bf)\s?\{)?\s?\(?([A-E])(?:\)|\.(?=\s)|:(?=\s))", re.MULTILINE)
_DRAWING = r"(?:figure|diagram|picture|image|drawing|sketch|graph|chart)"
_FIGURE = re.compile(
    r"\b(?:in|see|from|of|using) (?:the|this) (?:(?:accompanying|following|adjacent|attached) "
    + _DRAWING
    + r"|figure|diagram|picture)\b"
    r"|\b" + _DRAWING + r"s? (?:shown )?(?:below|above|at (?:the )?(?:right|left)|on the (?:right|left)|(?:is |are )?shown)\b"
    r"|\bas (?:shown|pictured|depicted|illustrated) (?:in the " + _DRAWING + r"|above|here|at right)\b"
    r"|\bas shown[.,]|!\[[^\]]*\]\(|<image>|\\includegraphics",
    re.IGNORECASE,
)
MAX_WORDS = 5  # in a gold: "Friday", "even and odd" are compared as text
_WORD, _COMMAND = re.compile(r"[^\W\d_]{2,}"), re.compile(r"\\[A-Za-z]+")
_PICTURES = (
    "figure",
    "diagram",
    "picture",
    "image",
    "drawing",
    "sketch",
    "graph",
    "chart",
    "as shown",
    "as depicted",
    "as ill",
    "![",
)
_PLOT = re.compile(r"\[asy\].*?(?:\[/asy\]|\Z)", re.DOTALL)
_DRAWN = re.compile(r"\[asy\]|\\begin\{(?:tikzpicture|tabular|array|asy)|^[ \t]*\|.*\|[ \t]*$", re.MULTILINE)


def reason(row: Row, keep: Collection[str] = ()) -> str | None:
    """Why the row goes, or None. `keep` names kinds that stay."""
    if row["verifier"] is None and "completion" in row and "no_verifier" not in keep:
        return "no_verifier: nothing can judge this trace again; map a gold and name its verifier, or keep no_verifier on purpose"
    if row["verifier"] != "math":
        return None
    text = "\n".join(turn["content"] for turn in row["messages"] if turn["role"] == "user")
    answer = str(json.loads(row["reference"])["answer"])
    for kind, words in (
        ("gold", _gold(answer)),
        ("multiple_choice", _multiple_choice(text, answer)),
        ("multi_part", _multi_part(text)),
        ("proof", _proof(text)),
        ("figure", _figure(text)),
    ):
        if words is not None and kind not in keep:
            return f"{kind}: {words}"
    return None


def _gold(answer: str) -> str | None:
    """The verifier's own limits and grammar; what its grammar passes on to a slower one is left to the step `gold`."""
    broken = beyond_limits(answer)
    if broken:
        return f"the gold is beyond what is read ({broken})"
    words = len(_WORD.findall(_COMMAND.sub(" ", answer)))
    if words > MAX_WORDS:
        return f"the gold is a sentence of {words} words, which no rule compares"
    cleaned = clean(answer)
    if parse_number(cleaned) is not None:
        return None
    try:
        read(cleaned)
    except Unreadable as error:
        return None if error.foreign else f"the gold is no mathematics: {answer[:60]!r}"
    except RecursionError:
        return "the gold is nested too deep"
    return None


def _proof(text: str) -> str | None:
    found = _PROOF.search(text)
    return "asks to show something, and for no value" if found and not _VALUE.search(text) else None


def _multi_part(text: str) -> str | None:
    marks = [(next(filter(None, match.groups())).lower(), match.end()) for match in _PART.finditer(text)]
    for order in _ORDERS:
        parts = _in_order(marks, order)
        if len(parts) < 2:
            continue
        ends = [*parts[1:], len(text)]
        asking = sum(bool(_ASKS.search(text, start, end)) for start, end in zip(parts, ends, strict=True))
        if asking >= 2:
            return f"asks {asking} things in numbered parts"
    return None


def _in_order(marks: list[tuple[str, int]], order: str | tuple[str, ...]) -> list[int]:
    """Where the parts numbered by the first, the second … of an order begin."""
    found: list[int] = []
    for mark, at in marks:
        if len(found) < len(order) and mark == order[len(found)]:
            found.append(at)
    return found


def _multiple_choice(text: str, answer: str) -> str | None:
    options = [match[1] for match in _OPTION.finditer(_PLOT.sub(" ", text))]
    run = 0
    for option in options:
        run = run + 1 if run < 5 and option == "ABCDE"[run] else (1 if option == "A" else 0)
        if run >= 3:
            return "lettered options to choose from"
    letter = re.fullmatch(r"\(?(?:\\text(?:bf)?\{)?\(?([A-E])\)?\}?\)?", answer.strip())
    return "the gold is the letter of an option" if letter and {"A", "B"} <= set(options) else None


def _figure(text: str) -> str | None:
    lowered = text.lower()
    if not any(word in lowered for word in _PICTURES):  # most texts, told at a tenth of the cost
        return None
    found = _FIGURE.search(text)
    return f"speaks of {found[0].strip()!r}, which is not there" if found and not _DRAWN.search(text) else None
