r"""The verifier `choice`: does the completion name the right option, and no other?

Reference: `{"answer": "C", "options": ["…", "…", …]}`. The answer is the last `\boxed{}` after the thinking; without a box, what
follows "the answer is" or "Answer:"; without that, an answer that is nothing but an option. It may be the letter, the letter with
its option's text, or the text alone where one option has it. Naming several options, in one place or in several, is a list of
candidates and `incorrect`; so is a letter with the text of another option.
"""

import re
from typing import Any

from openqwq.verify.answer import boxes, split_thinking
from openqwq.verify.item import Watch
from openqwq.verify.verdict import Verdict, correct, incorrect, unscorable

MAX_LENGTH = 2_000  # characters of what names the option
MAX_PLACES = 20  # boxes, or sentences that state an answer
MAX_OPTIONS = 26
_STATED = re.compile(r"\b(?:answer|choice|option)(?:\s+is\b|\s*[:=])[\s:]*([^\n]{0,2001})", re.IGNORECASE)
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|mathsf|textrm)\s*\{([^{}]*)\}")
# A letter and what may follow it; a space alone may not, or the article of "A good answer" would be one.
_LETTER = re.compile(r"\(?([A-Z])(?:\)|[.:,;](?=\s|$)|(?=\s+(?:because|since|as)\b)|$)\s*(.*)", re.DOTALL)
_ALONE = re.compile(r"(?<![A-Za-z0-9'’\\])([A-Z])(?![A-Za-z0-9'’])")


class Several(Exception):
    """More than one option is named."""


class Unusable(Exception):
    """The reference names no option."""


def judge(reference: Any, completion: str, watch: Watch) -> Verdict:
    """Judges one completion."""
    try:
        gold, options = read(reference)
    except Unusable as error:
        return unscorable(f"reference: {error}")
    watch.phase("completion")
    _, answer = split_thinking(completion)
    if not answer.strip():
        return incorrect("no answer: nothing after the thinking")
    marked = boxes(answer)
    places = marked or [match[1] for match in _STATED.finditer(answer)] or [answer.strip()]
    if len(places) > MAX_PLACES:
        return incorrect(f"limit: {len(places)} answers, at most {MAX_PLACES}")
    if max(map(len, places)) > MAX_LENGTH:
        return incorrect(f"limit: an answer of more than {MAX_LENGTH} characters")
    try:
        chosen = [option(place, options) for place in places]
    except Several:
        return incorrect("several options are named")
    named = [letter for letter in chosen if letter is not None]
    if not named or (marked and chosen[-1] is None):
        return incorrect("no answer: no option is named")
    if len(set(named)) > 1:
        return incorrect("several answers with different options")
    return correct() if named[0] == gold else incorrect(f"chose {named[0]}")


def read(reference: Any) -> tuple[str, list[str]]:
    """The right letter and the options. Raises `Unusable`."""
    if not isinstance(reference, dict):
        raise Unusable("not an object")
    options, gold = reference.get("options"), reference.get("answer")
    if not isinstance(options, list) or not all(isinstance(text, str) for text in options):
        raise Unusable('no list of texts under "options"')
    if not 2 <= len(options) <= MAX_OPTIONS:
        raise Unusable(f"{len(options)} options, expected 2 to {MAX_OPTIONS}")
    if not isinstance(gold, str) or len(gold) != 1 or not 0 <= ord(gold) - ord("A") < len(options):
        raise Unusable(f'"answer" is {gold!r}, expected a letter from A to {chr(ord("A") + len(options) - 1)}')
    return gold, options


def option(place: str, options: list[str]) -> str | None:
    """The letter of the option that a short text names, None where it names none. Raises `Several`."""
    letters = [chr(ord("A") + number) for number in range(len(options))]
    text = _bare(place)
    if not text:
        return None
    if re.fullmatch(r"([A-Za-z])\1*", text) and text[0].upper() in letters:  # some prompts ask for the letter five times
        return text[0].upper()
    same = [letter for letter, known in zip(letters, options, strict=True) if _same(known) == _same(text)]
    if same:
        return same[0] if len(same) == 1 else None  # two options of one text: the text does not tell which
    match = _LETTER.match(text)
    if match and match[1] in letters:
        letter, rest = match[1], match[2]
        fits = [other for other, known in zip(letters, options, strict=True) if _same(known) == _same(rest)]
        if letter in fits:
            return letter
        if fits:
            raise Several
    named = {letter for letter in _ALONE.findall(text) if letter in letters}
    if len(named) > 1 or re.fullmatch(rf"[{letters[0]}-{letters[-1]}]{{2,}}", text):
        raise Several
    return match[1] if match and named == {match[1]} else None


def _bare(text: str) -> str:
    """Without marks of emphasis and mathematics around it, and without a full stop at its end."""
    text = _WRAPPED.sub(r"\1", _WRAPPED.sub(r"\1", text)).replace("$", "").replace("*", "").replace("`", "").strip()
    text = text.rstrip(".").strip()
    if len(text) > 1 and text[0] + text[-1] in ("()", "[]", "{}"):
        inner = text[1:-1].strip()
        return inner if len(inner) == 1 else text
    return text


def _same(text: str) -> str:
    return re.sub(r"\s+", " ", _bare(text)).casefold()
