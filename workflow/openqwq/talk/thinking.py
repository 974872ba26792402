"""A turn's thinking told apart from its answer, in text that comes piece by piece, whatever tokens the marks are made of."""

OPEN, CLOSE = "<think>", "</think>"


def held(text: str, mark: str) -> int:
    """How many characters at the end of the text may be the beginning of the mark, and wait for the next piece."""
    return next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)


class Thinking:
    """Takes one turn apart. Thinking stands first or not at all; `opened` says that the prompt has opened it already.

    A turn that does not begin with thinking is an answer from its first sign on, and marks further on are text of it. Blank
    signs between the thinking and the answer belong to neither.
    """

    def __init__(self, opened: bool) -> None:
        self.phase = "inside" if opened else "before"  # then "between" and "answer"
        self._held = ""

    def take(self, piece: str) -> tuple[str, str]:
        """What the next piece of text adds to the thinking and to the answer."""
        text, self._held, thought = self._held + piece, "", ""
        if self.phase == "before":
            begun = text.lstrip()
            if begun.startswith(OPEN):
                self.phase, text = "inside", begun.removeprefix(OPEN)
            elif OPEN.startswith(begun):
                self._held = text
                return "", ""
            else:
                self.phase = "answer"
        if self.phase == "inside":
            thought, mark, text = text.partition(CLOSE)
            if not mark:
                end = len(thought) - held(thought, CLOSE)
                self._held = thought[end:]
                return thought[:end], ""
            self.phase = "between"
        if self.phase == "between":
            text = text.lstrip()
            if text:
                self.phase = "answer"
        return thought, text

    def end(self) -> tuple[str, str]:
        """What was still held when the turn ended: a mark begun and never finished is text."""
        text, self._held = self._held, ""
        return (text, "") if self.phase == "inside" else ("", text)


def apart(text: str, opened: bool) -> tuple[str, str]:
    """Thinking and answer of a whole turn."""
    thinking = Thinking(opened)
    (thought, said), (more_thought, more_said) = thinking.take(text), thinking.end()
    return thought + more_thought, said + more_said
