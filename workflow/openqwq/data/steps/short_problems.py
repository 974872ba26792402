"""Problems of an evaluation that are shorter than the n-gram, so that no n-gram can ever match them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from openqwq.data.normalise import ends
from openqwq.data.steps.texts import Line

Place = tuple[str, str]  # benchmark and id
HEAD = 4  # tokens by which runs are looked up
MIN_WORDS, MIN_WORDS_FORMULA = 5, 4  # below this a run of words is common property; a formula tells more than words do


@dataclass
class ShortProblems:
    """An index of short problems, as whole lines and as runs of tokens."""

    whole: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    runs: dict[tuple[str, ...], list[tuple[list[str], Place, bool]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, text: str, words: int, formula: bool, place: Place, generated: bool) -> None:
        """`text`: normalised tokens; `words`: how many words they are; `formula`: whether the problem has digits or LaTeX."""
        self.whole[text].append(place)
        tokens = text.split(" ")
        if words >= (MIN_WORDS_FORMULA if formula else MIN_WORDS) and len(tokens) >= HEAD:
            self.runs[tuple(tokens[:HEAD])].append((tokens, place, generated))

    def find(self, lines: list[Line], generated: bool) -> Iterator[tuple[Place, str]]:
        """The problems that stand in some lines, and their texts.

        As a whole line, or as a run of tokens that ends where a sentence or a formula ends: `What is 5 - 4` is not asked in
        `What is 5 - 4 plus the number of sheep?`. Of two generated rows one may hold the other and still ask something else
        (one instruction, and the same with a second one), so between these only whole lines count.
        """
        for line in lines:
            for place in self.whole.get(line.text, ()):
                yield place, line.text
        tokens = " ".join(line.text for line in lines).split(" ")
        heads = zip(*(tokens[at:] for at in range(HEAD)), strict=False)
        found = [
            (at + len(run), run, place)
            for at, head in enumerate(heads)
            if head in self.runs
            for run, place, theirs in self.runs[head]
            if tokens[at : at + len(run)] == run and not (generated and theirs)
        ]
        if found:
            _, last = ends("\n".join(line.raw for line in lines))
            for end, run, place in found:
                if last[end - 1]:
                    yield place, " ".join(run)
