r"""Where an answer is marked: `<solution>…</solution>`, a box, bold text, or the last line. Always the last one counts."""

import re

from openqwq.verify.answer import boxes

_SOLUTION = re.compile(r"<solution>((?:(?!</?solution>).)*)</solution>", re.DOTALL)
_BOLD = re.compile(r"(?<!\*)\*{2,3}([^*]+)\*{2,3}(?!\*)")
_WRAPPED = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\s*\{([^{}]*)\}")
_NAMES = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty"""
NUMBERS = {name: str(number) for number, name in enumerate(_NAMES.split())}


def solution(answer: str) -> str | None:
    """The last `<solution>` or, without one, the last box."""
    found = _SOLUTION.findall(answer)
    if found:
        return str(found[-1]).strip()
    boxed = boxes(answer)
    return _WRAPPED.sub(r"\1", boxed[-1]).replace("\\", "").strip() if boxed else None


def bold(answer: str) -> str | None:
    """The last text in bold."""
    found = _BOLD.findall(answer)
    return str(found[-1]).strip() if found else None


def last_line(answer: str) -> str:
    """The last line that is not empty, without marks of emphasis."""
    return answer.strip().rpartition("\n")[2].replace("*", "").strip()


def plain(word: str) -> str:
    """A word or short phrase to compare: small letters, no hyphens, numbers in digits, no full stop or article."""
    small = " ".join(word.lower().replace("-", " ").replace("*", "").strip(" .\n\t").split())
    small = small.removeprefix("the ").removeprefix("position ")
    return NUMBERS.get(small, small)
