"""How an answer is shown while it comes: thinking apart from the answer, and nothing that a terminal would obey."""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from openqwq.show.visible import visible
from openqwq.talk.thinking import CLOSE, OPEN, held

DIM, PLAIN = "\x1b[2m", "\x1b[0m"


def colourful(stream: TextIO) -> bool:
    """Whether escape codes are welcome: a terminal, and nobody has set NO_COLOR (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Screen:
    """Writes answers to `out`; `colour` allows escape codes. `fold` shows of the thinking only how long it was.

    Without colour the thinking stands between the model's own marks, so that a file or a pipe can tell it from the answer.
    """

    def __init__(self, out: TextIO = sys.stdout, *, colour: bool, fold: bool) -> None:
        self.out, self.colour, self.fold = out, colour, fold

    def show(self, pieces: Iterable[str]) -> str:
        """Shows the pieces as they come; returns the whole text as the model wrote it, also where a Ctrl-C ends it."""
        self.text, self.held, self.thinking, self.thought = "", "", False, 0
        try:
            for piece in pieces:
                self.text += piece
                self._take(piece)
        finally:
            self._put(self.held)
            if self.thinking:
                self._thinking(False)
            self.out.write("\n")
            self.out.flush()
        return self.text

    def note(self, text: str) -> None:
        """Something that the model did not write."""
        self.out.write(self._dim(visible(text)) + "\n")
        self.out.flush()

    def _take(self, piece: str) -> None:
        """What could be the beginning of a mark waits for the next piece."""
        self.held += piece
        while True:
            mark = CLOSE if self.thinking else OPEN
            at = self.held.find(mark)
            if at < 0:
                break
            self._put(self.held[:at])
            self.held = self.held[at + len(mark) :]
            self._thinking(not self.thinking)
        keep = held(self.held, mark)
        self._put(self.held[: len(self.held) - keep])
        self.held = self.held[len(self.held) - keep :]
        self.out.flush()

    def _thinking(self, begins: bool) -> None:
        self.thinking = begins
        if self.fold:
            if not begins:
                self.out.write(f"{self._dim(f'[thought: {self.thought} characters]')}\n")
        elif self.colour:
            self.out.write(DIM if begins else PLAIN)
        else:
            self.out.write(OPEN if begins else CLOSE)

    def _put(self, text: str) -> None:
        if self.thinking and self.fold:
            self.thought += len(text)
        else:
            self.out.write(visible(text))

    def _dim(self, text: str) -> str:
        return f"{DIM}{text}{PLAIN}" if self.colour else text
