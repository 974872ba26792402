r"""Step `decontaminate`: no training row asks what an evaluation asks.

Six rules, each on normalised text (case, spacing, typography and LaTeX spacing do not count):

`exact`       the user's words are the same, with or without a first or last line and the lines that say how to mark the
              answer (those with `\boxed`, and those that stand in more than three prompts of the evaluation); or the
              whole problem stands word for word in one turn, whatever is around it;
`short`       the evaluation's problem has fewer words than the n-gram, so that no n-gram can ever match it, and stands in
              the row's prompt as a line or, where it is long enough to be its own, inside one or over several;
`same_call`   two tool problems have the same verifier and the same reference, with at least one call: one request in
              other words;
`reordered`   two mathematical problems have the same words, numbers and signs, in another order (`3 + 4` and `4 + 3`);
`ngram`       the two share a run of n words (13 by default, after GPT-3, arXiv 2005.14165, appendix C) that is the
              problem's own. A run is not its own when a third of it or more is stock phrase: two words in a row that stand
              in more than three prompts of the same evaluation (how to mark the answer, "what is the value of", plot
              commands);
`similar`     what the user says is most of the problem with some words changed, or a part of it (similar.py).

A row may touch several problems: the ledger names each, with the first rule that finds it.

`short` reads all turns of the prompt; `ngram`, and `exact` for whole problems, also what is learnt from: completions, chosen
and rejected answers. (All runs of a problem may be stock phrases: of GSM8K's test set 578 of 1,319 have no other.)

Problems that open-qwq generates are instances of a few templates: two of them share their words and are still different
problems. Between two generated rows, therefore, runs of words and similarity do not count.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from openqwq.data.ledger import Dropped, Found
from openqwq.data.rows import Row, metadata_of
from openqwq.data.steps.screen import Screen
from openqwq.data.steps.short_problems import Place, ShortProblems
from openqwq.data.steps.similar import SimilarProblems
from openqwq.data.steps.stock import STOCK_ROWS, marks, stock_phrases
from openqwq.data.steps.texts import Line, answered, asked, joined, told, words

Run = tuple[str, ...]
STOCK_SHARE = 3  # a run with one word in so many from stock phrases is nobody's own


class Match(NamedTuple):
    """Which evaluation problem a row touches, by which rule, and the text they share."""

    benchmark: str
    benchmark_id: str
    rule: str
    text: str


class Evaluations:
    """The index of all evaluation problems that training must not contain."""

    def __init__(self, tables: dict[str, list[Row]], ngram: int) -> None:
        self.ngram = ngram
        self.whole: dict[str, list[Place]] = defaultdict(list)  # by normalised problem
        self.bags: dict[str, list[Place]] = defaultdict(list)  # by the sorted tokens of a mathematical problem
        self.calls: dict[tuple[str, str], list[Place]] = defaultdict(list)  # by verifier and reference of a tool problem
        self.short = ShortProblems()
        self.runs: dict[Run, list[tuple[Place, bool]]] = defaultdict(list)  # by n words -> place, generated
        self.heads: dict[Run, list[tuple[str, Place, bool]]] = defaultdict(list)  # by its first n words: a problem's tokens
        self.similar = SimilarProblems()
        self.screen = Screen(ngram)
        for name, rows in tables.items():
            self._add(name, rows)
        self.similar.settle()
        self.screen.settle()

    def _add(self, name: str, rows: list[Row]) -> None:
        prompts = [asked(row) for row in rows]
        stock = stock_phrases([words(lines) for lines in prompts])
        counts = Counter(text for lines in prompts for text in {line.text for line in lines})
        manner = {text for text, count in counts.items() if count > STOCK_ROWS}
        for row, lines in zip(rows, prompts, strict=True):
            place, generated = (name, str(row["id"])), _generated(row)
            core = [line for line in lines if line.text not in manner and not line.marks_answer]
            for part in filter(None, (lines, core)):
                self.whole[joined(part)].append(place)
                if row["domain"] == "math":
                    self.bags[_bag(joined(part))].append(place)
            call = _call(row)
            if call is not None:
                self.calls[call].append(place)
            own, runs = words(core), list[str]()
            if core and len(own) < self.ngram:
                self.short.add(joined(core), len(own), any(line.formula for line in core), place, generated)
            elif core:
                runs.append(" ".join(own[: self.ngram]))
                self.heads[tuple(own[: self.ngram])].append((f" {joined(core)} ", place, generated))
            self.similar.add(joined(core), place, generated)
            all_words = words(lines)
            is_stock = marks(all_words, stock)
            for at, run in enumerate(self._runs(all_words)):
                if STOCK_SHARE * sum(is_stock[at : at + self.ngram]) < self.ngram:
                    runs.append(" ".join(run))
                    self.runs[run].append((place, generated))
            self.screen.add([line.text for line in core or lines], runs, [joined(part) for part in (lines, core) if part])

    def _runs(self, text: list[str]) -> Iterator[Run]:
        """All runs of n words."""
        return zip(*(text[at:] for at in range(self.ngram)), strict=False)

    def matches(self, row: Row, runs: bool = True) -> list[Match]:
        """The evaluation problems that the row touches, each once, by the first rule that finds it. `runs`: False where it is
        known that it has no run of a problem."""
        lines, others, generated = asked(row), told(row), _generated(row)
        found: dict[Place, Match] = {}

        def add(places: Iterable[Place], rule: str, text: str) -> None:
            for place in places:
                if place not in found:
                    found[place] = Match(*place, rule, text)

        without_mark = [line for line in lines if not line.marks_answer]
        texts = [joined(part) for part in (lines, without_mark, lines[:-1], lines[1:])]
        for text in texts:
            add(self.whole.get(text, ()), "exact", text)
        for turn in (lines, *others):
            for place, text in self.short.find(turn, generated):
                add([place], "short", text)
        call = _call(row)
        if call is not None:
            add(self.calls.get(call, ()), "same_call", call[1])
        if row["domain"] == "math":
            for text in texts[:2]:
                add(self.bags.get(_bag(text), ()), "reordered", text)
        for turn in (lines, *others, *answered(row)) if runs else ():
            for place, rule, text in self._shared_runs(turn, generated):
                add([place], rule, text)
        for place, text in self.similar.find(texts[1], generated):
            add([place], "similar", text)
        return list(found.values())

    def match(self, row: Row) -> Match | None:
        """The first of the problems that the row touches, or None."""
        return next(iter(self.matches(row)), None)

    def _shared_runs(self, turn: list[Line], generated: bool) -> Iterator[tuple[Place, str, str]]:
        whole = f" {joined(turn)} "
        for run in self._runs(words(turn)):
            for place, theirs in self.runs.get(run, ()):
                if not (generated and theirs):
                    yield place, "ngram", " ".join(run)
            for problem, place, theirs in self.heads.get(run, ()):
                if not (generated and theirs) and problem in whole:
                    yield place, "exact", problem.strip()


def check(rows: list[Row], evaluations: Evaluations) -> tuple[list[Row], list[Dropped], list[Found]]:
    """The rows that touch no evaluation, those that do, and the contamination table's rows for the latter."""
    looked = evaluations.screen.look(rows)
    if evaluations.calls:  # of which the screen knows nothing
        looked |= {at: True for at, row in enumerate(rows) if row["verifier"] == "tool_call"}
    dropped: list[Dropped] = []
    found: list[Found] = []
    gone = set()
    for at, runs in sorted(looked.items()):
        row = rows[at]
        if matches := evaluations.matches(row, runs):
            gone.add(at)
            first = matches[0]
            dropped.append((row, f"{first.rule} match: {first.benchmark_id} of {first.benchmark}"))
            found += [{"id": row["id"], "source": row["source"], **match._asdict()} for match in matches]
    return [row for at, row in enumerate(rows) if at not in gone], dropped, found


def _generated(row: Row) -> bool:
    return "generator" in metadata_of(row)


def _bag(text: str) -> str:
    return " ".join(sorted(text.split(" ")))


def _call(row: Row) -> tuple[str, str] | None:
    """Verifier and reference of a tool problem; None for others and where no call is due, which says nothing of the request."""
    if row["verifier"] != "tool_call" or not json.loads(row["reference"])["calls"]:
        return None
    return row["verifier"], row["reference"]
