"""Environment `search`: full-text search over a collection of documents. Scored by the final answer.

Task: `{"documents": {title: text}, "answer": "…"}`. The index is SQLite's FTS5 in memory, ranked by BM25. Words of a query are
taken as words whatever they are, so no query can be a wrong expression, or an expensive one.
"""

import re
import sqlite3
import time
from typing import Any, ClassVar

from openqwq.agents.answers import judged, require_gold
from openqwq.agents.arguments import is_text
from openqwq.agents.environment import TOOL_SECONDS, BadTask, ToolError, as_text, not_a_tool, task_of
from openqwq.verify import Verdict

MAX_HITS = 5
MAX_WORDS = 24  # of a query
STEPS = 10_000  # of SQLite's machine between two looks at the clock
_WORD = re.compile(r"\w+")
_FIND = (
    "SELECT title, snippet(documents, 1, '', '', ' … ', 12) FROM documents WHERE documents MATCH ? "
    "ORDER BY bm25(documents), rowid LIMIT ?"
)


class Search:
    """A search that takes longer than `tool_seconds` is stopped."""

    name: ClassVar[str] = "search"
    keeps_time: ClassVar[bool] = True

    def __init__(self, tool_seconds: float = TOOL_SECONDS) -> None:
        self._seconds = tool_seconds
        self._index: sqlite3.Connection | None = None
        self._texts: dict[str, str] = {}
        self._gold = ""

    def reset(self, **problem: Any) -> None:
        """Builds the index."""
        task = task_of(problem, documents=dict, answer=str)
        texts = [text for document in task["documents"].items() for text in document]
        if not all(isinstance(text, str) and is_text(text) for text in texts):
            raise BadTask("documents are texts by their titles")
        require_gold(task["answer"])
        self.close()
        self._texts, self._gold = dict(sorted(task["documents"].items())), task["answer"]
        # One thread at a time uses it, but not always the one that made it.
        self._index = sqlite3.connect(":memory:", check_same_thread=False)
        self._index.execute("CREATE VIRTUAL TABLE documents USING fts5(title, text)")
        self._index.executemany("INSERT INTO documents VALUES (?, ?)", self._texts.items())

    def search(self, query: str) -> str:
        """Search the documents for words; the best five come with a few words of their text.

        Args:
            query: A few words, such as a name.
        """
        words = _WORD.findall(query)
        if not words:
            raise ToolError("the query has no words. Give a name or a few words to look for.")
        match = " OR ".join(f'"{word}"' for word in words[:MAX_WORDS])
        rows = self._rows(match)
        if not rows:
            raise ToolError("no document has any of these words. Try other words.")
        return as_text([{"title": title, "text": text} for title, text in rows])

    def read(self, title: str) -> str:
        """Read a whole document.

        Args:
            title: Its title, as a search gives it.
        """
        text = self._texts.get(title)
        if text is None:
            raise ToolError(f"no document has the title {title[:80]!r}. Search for it first.")
        return text

    @not_a_tool
    def score(self, answer: str) -> Verdict:
        """By the number or the name in the last turn's box."""
        return judged(self._gold, answer)

    @not_a_tool
    def close(self) -> None:
        """Drops the index."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def _rows(self, match: str) -> list[tuple[str, str]]:
        if self._index is None:
            raise ValueError("reset() comes first")
        deadline = time.monotonic() + self._seconds
        self._index.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        try:
            return self._index.execute(_FIND, (match, MAX_HITS)).fetchall()
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise
            raise ToolError(f"the search was stopped after {self._seconds:g} s. Look for fewer words.") from error
