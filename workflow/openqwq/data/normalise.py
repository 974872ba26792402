"""Text as it is compared: what differs only in case, spacing or typography is the same problem.

Signs are kept, because in mathematics and code they are the content: `3 + 4` and `3 - 4` stay apart.
"""

import re
import unicodedata
from itertools import pairwise

# LaTeX that says where mathematics begins and ends, and LaTeX that only moves things about on the page.
_LATEX_EDGE = re.compile(r"\\[()\[\]]|\$")
_LATEX_SPACING = re.compile(r"\\[,;:!> ]|\\(?:quad|qquad|left|right|displaystyle|thinspace)\b|~")
_EDGE = "\x1f"  # where a formula begins or ends; white space to the token pattern
_SAME_SIGN = str.maketrans({"−": "-", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "×": "*", "·": "*", "⋅": "*"})
# A decimal number, a word (with its apostrophes: don't, f'), a factorial, or a single sign. Quotation marks, backslashes and
# punctuation are no tokens. Commas need none: `1,2` and `1, 2` are both two tokens, and `12` is one.
_TOKEN = re.compile(r"\d+(?:\.\d+)+|[^\W_]+(?:'[^\W_]+)*'*|(?<=[\d)])!|(?<=[\d)][ \x1f])!|[^\w\s.,;:!?'\"`\\]")
_SENTENCE_END = re.compile(r"[.?!]\S*\s|\n")
_CLAUSE_END = re.compile(rf"[,;:{_EDGE}]")
_ARITHMETIC = {"plus", "minus", "times", "divided", "multiplied", "over", "mod", "percent", "degrees", "squared", "cubed"}


def tokens(text: str) -> list[str]:
    """Words, numbers and signs in order, lower case; sentence punctuation, quotes, spacing and LaTeX spacing are dropped."""
    return _TOKEN.findall(plain(text))


def ends(text: str) -> tuple[list[str], list[bool]]:
    """The tokens of a text, and for each whether a sentence or a formula may end after it.

    A sentence ends at its mark or at the end of its line; a clause or a formula only where no arithmetic goes on behind it
    (`$5 - 4$ plus 3`, `1,234`).
    """
    text = plain(text)
    found = list(_TOKEN.finditer(text))
    last = [True] * len(found)
    for at, (token, following) in enumerate(pairwise(found)):
        gap = text[token.end() : following.start()]
        goes_on = following[0] in _ARITHMETIC or not following[0][0].isalpha()
        last[at] = _SENTENCE_END.search(gap) is not None or (_CLAUSE_END.search(gap) is not None and not goes_on)
    return [token[0] for token in found], last


def plain(text: str) -> str:
    """The text without differences of case, typography and LaTeX spacing; its signs and spaces stand."""
    made = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_SAME_SIGN)
    return _LATEX_SPACING.sub(" ", _LATEX_EDGE.sub(_EDGE, made.casefold()))


def normalise(text: str) -> str:
    """The tokens of a text joined by single spaces."""
    return " ".join(tokens(text))
