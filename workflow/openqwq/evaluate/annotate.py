"""What is added to a judged completion before it is scored: its vote, mixed languages, whether its problem is touched."""

from pathlib import Path

from openqwq.artifacts.files import read_table
from openqwq.artifacts.schemas import CONTAMINATION
from openqwq.data.filters import trace_language
from openqwq.evaluate.samples import Rows
from openqwq.evaluate.votes import votes

Touched = set[tuple[str, str]]  # benchmark, problem


def read_touched(path: Path | None) -> Touched | None:
    """The evaluation problems that some row of a source touched, from curation's contamination table; None without one.

    Every such row counts, though curation drops it: a problem that stands in one public set often stands, reworded, in others
    and in what the base model was trained on. Of the rows that were kept none touches any, or it would have been dropped.
    """
    if path is None:
        return None
    table = read_table(path, CONTAMINATION).select(["benchmark", "benchmark_id"])
    return {(row["benchmark"], row["benchmark_id"]) for row in table.to_pylist()}


def annotate(benchmark: str, rows: Rows, touched: Touched | None, workers: int) -> Rows:
    """Judged `COMPLETION` rows as `SAMPLE` rows."""
    return [
        row
        | {
            "vote": vote,
            "mixed": mixes_languages(row["prompt"], row["text"]),
            "touched": None if touched is None else (benchmark, row["problem_id"]) in touched,
        }
        for row, vote in zip(rows, votes(rows, workers), strict=True)
    ]


def mixes_languages(prompt: str, text: str) -> bool:
    """Whether more than a few letters are of a script that is neither Latin nor the prompt's: the rule of the trace filter."""
    return trace_language.reason({"completion": text, "messages": [{"role": "user", "content": prompt}]}) is not None
