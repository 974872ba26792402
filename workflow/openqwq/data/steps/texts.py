"""The texts of a row as decontamination compares them: lines of normalised tokens."""

import re
from dataclasses import dataclass

from openqwq.data.normalise import normalise
from openqwq.data.rows import Row

_WORD = re.compile(r"\w[^ ]*(?: [^\w ]+(?= |$))*")
_FORMULA = re.compile(r"\d|\$|\\[A-Za-z(\[]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty. `text`: its tokens, joined by spaces; `formula`: whether it has digits or LaTeX."""

    raw: str
    text: str

    @property
    def formula(self) -> bool:
        return _FORMULA.search(self.raw) is not None

    @property
    def marks_answer(self) -> bool:
        """Whether it says how to mark the answer."""
        return "boxed {" in self.text


def lines(text: str) -> list[Line]:
    """The lines of a text, without the empty ones."""
    made = (Line(raw, normalise(raw)) for raw in text.split("\n"))
    return [line for line in made if line.text]


def asked(row: Row) -> list[Line]:
    """What the user says."""
    return [line for turn in row["messages"] if turn["role"] == "user" for line in lines(turn["content"])]


def told(row: Row) -> list[list[Line]]:
    """What else stands in the prompt, by turn: the system's, earlier answers, results of tools."""
    return [lines(turn["content"]) for turn in row["messages"] if turn["role"] != "user"]


def answered(row: Row) -> list[list[Line]]:
    """What is learnt from: the completion of a trace and its turns before, both answers of a preference."""
    turns = [*(row.get("turns") or []), *row.get("chosen", []), *row.get("rejected", [])]
    return [lines(text) for text in ([row["completion"]] if "completion" in row else []) + [t["content"] for t in turns]]


def words(some: list[Line]) -> list[str]:
    """The words of some lines, each with the signs that follow it: a formula has fewer words than signs, and short formulas
    are common property."""
    return [word for line in some for word in _WORD.findall(line.text)]


def joined(some: list[Line]) -> str:
    """The lines as one."""
    return " ".join(line.text for line in some)
