"""`--where`: which rows, as a small expression over columns; nothing is ever evaluated as code.

    domain == math and verdict != correct
    score < 0.5 or not finish_reason == stop
    source in [gsm8k, "my set"] and reason contains 'limit' and tokens is not null

`and`, `or`, `not`, parentheses; `==` `!=` `<` `<=` `>` `>=` `in [ … ]` `contains` `is null` `is not null`. Text needs
quotation marks only where it has spaces or signs. A null is unequal to every value and neither less nor more than any.
"""

import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from openqwq.errors import UserError

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<op>==|!=|<=|>=|<|>|=|\(|\)|\[|\]|,)|(?P<word>[^\s()\[\],=!<>"']+))""",
    re.DOTALL,
)
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: a.is_valid() & (a == b),
    "!=": lambda a, b: a.is_null() | (a != b),
    "<": lambda a, b: a.is_valid() & (a < b),
    "<=": lambda a, b: a.is_valid() & (a <= b),
    ">": lambda a, b: a.is_valid() & (a > b),
    ">=": lambda a, b: a.is_valid() & (a >= b),
}
MAX_DEPTH = 50
MAX_CHARS = 4000  # Arrow goes down a level for each `and`, and a stack has an end
Token = tuple[str, str]  # kind (text, op, word, end) and what stood there


def expression(text: str, schema: pa.Schema) -> pc.Expression:
    """The filter. Raises `UserError` for what cannot be read, an unknown column, and a value that is none of its type."""
    if len(text) > MAX_CHARS:
        raise UserError(f"--where {text[:60]!r}…: more than {MAX_CHARS} characters. {_HELP}")
    if any("\ud800" <= character <= "\udfff" for character in text):  # how Python reads such an argument
        raise UserError(f"--where {text!r}: not UTF-8. {_HELP}")
    parser = _Parser(_tokens(text), schema, text)
    made = parser.any_of(0)
    parser.expect("end", "the end")
    return made


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise UserError(f"--where {text!r}: not readable at {text[at:].strip()[:20]!r}. {_HELP}")
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        at = match.end()
    return [*found, ("end", "")]


_HELP = "Write, for instance: domain == math and verdict != correct."


class _Parser:
    """Recursive descent: or, and, not, comparison."""

    def __init__(self, tokens: list[Token], schema: pa.Schema, text: str) -> None:
        self.tokens, self.schema, self.text, self.at = tokens, schema, text, 0

    def any_of(self, depth: int) -> pc.Expression:
        """`a or b or c`."""
        made = self.all_of(depth)
        while self.word("or"):
            made = made | self.all_of(depth)
        return made

    def all_of(self, depth: int) -> pc.Expression:
        """`a and b and c`."""
        made = self.negated(depth)
        while self.word("and"):
            made = made & self.negated(depth)
        return made

    def negated(self, depth: int) -> pc.Expression:
        """`not a`, `(…)`, or a comparison."""
        if depth > MAX_DEPTH:
            raise self.wrong(f"nested more than {MAX_DEPTH} deep")
        if self.word("not"):
            return ~self.negated(depth + 1)
        if self.peek() == ("op", "("):
            self.at += 1
            made = self.any_of(depth + 1)
            self.expect("op", "a closing parenthesis", ")")
            return made
        return self.comparison()

    def comparison(self) -> pc.Expression:
        """A column and what is asked of it."""
        name = self.expect("word", "a column's name")
        if name not in self.schema.names:
            raise self.wrong(f"there is no column {name!r}; there are {', '.join(self.schema.names)}")
        kind, column = self.schema.field(name).type, pc.field(name)
        if self.word("is"):
            negative = self.word("not")
            if not self.word("null"):
                raise self.wrong("'is' is followed by null or not null")
            return column.is_valid() if negative else column.is_null()
        if self.word("contains"):
            if not pa.types.is_string(kind):
                raise self.wrong(f"'contains' looks into text, and {name} is {kind}")
            return column.is_valid() & pc.match_substring(column, str(self.value(pa.string(), name)), ignore_case=True)
        if self.word("in"):
            return column.is_valid() & column.isin(pa.array(self.values(kind, name), type=kind))
        operator = self.expect("op", "one of == != < <= > >= in contains is")
        operator = "==" if operator == "=" else operator
        if operator not in _COMPARE:
            raise self.wrong(f"{operator!r} compares nothing")
        return _COMPARE[operator](column, pa.scalar(self.value(kind, name), type=kind))

    def values(self, kind: pa.DataType, name: str) -> list[Any]:
        """`[a, b, c]`."""
        self.expect("op", "a list in brackets", "[")
        found = [self.value(kind, name)]
        while self.peek() == ("op", ","):
            self.at += 1
            found.append(self.value(kind, name))
        self.expect("op", "a closing bracket", "]")
        return found

    def value(self, kind: pa.DataType, name: str) -> Any:
        """A value of the column's type."""
        token = self.peek()
        if token[0] not in ("word", "text"):
            raise self.wrong(f"{token[1] or 'the end'!r} stands where a value is expected")
        self.at += 1
        text = re.sub(r"\\(.)", r"\1", token[1][1:-1]) if token[0] == "text" else token[1]
        if pa.types.is_string(kind):
            return text
        try:
            if pa.types.is_boolean(kind):
                return {"true": True, "false": False}[text.lower()]
            if pa.types.is_integer(kind):
                return pa.scalar(int(text), type=kind).as_py()
            if pa.types.is_floating(kind):
                return float(text)
        except (KeyError, ValueError, OverflowError, pa.ArrowInvalid) as error:
            raise self.wrong(f"{name} is {kind}, and {text!r} is none") from error
        raise self.wrong(f"{name} is {kind}, which is compared with nothing but null")

    def peek(self) -> Token:
        """What stands next."""
        return self.tokens[self.at]

    def word(self, word: str) -> bool:
        """Whether this word stands next; if so it is passed."""
        found = self.peek()[0] == "word" and self.peek()[1].lower() == word
        self.at += found
        return found

    def expect(self, kind: str, what: str, exactly: str | None = None) -> str:
        """What stands next, which must be of this kind."""
        found = self.peek()
        if found[0] != kind or (exactly is not None and found[1] != exactly):
            raise self.wrong(f"{what} is expected, not {found[1] or 'the end'!r}")
        self.at += 1
        return found[1]

    def wrong(self, why: str) -> UserError:
        """The error with the expression in front."""
        return UserError(f"--where {self.text!r}: {why}. {_HELP}")
