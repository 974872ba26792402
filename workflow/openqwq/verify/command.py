"""`openqwq verify IN OUT`: judges stored completions again, without generating anything."""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openqwq.artifacts.files import write_table
from openqwq.artifacts.schemas import VERDICT
from openqwq.errors import UserError
from openqwq.progress import Progress
from openqwq.verify.item import Item, Judged
from openqwq.verify.pool import VerifierPool
from openqwq.verify.registry import find

PLAIN = ("id", "verifier", "reference", "completion")
EPISODES = "environment"  # the verifier of rows that agents judge
STORED = ("problem_id", "sample", "verifier", "reference", "text")


@dataclass
class LeftOut:
    """Rows that nothing here can judge."""

    unjudged: int = 0  # without a verifier
    episodes: int = 0

    @property
    def told(self) -> str:
        """Both counts, for people."""
        told = f"{self.unjudged} without a verifier"
        if self.episodes:
            told += f", {self.episodes} episodes, whose environment's state is gone: their stored verdicts stand"
        return told


def run(source: Path, out: Path, workers: int = 2) -> None:
    """Judges every row of `source` (jsonl or parquet) and writes parquet with `id, verdict, score, reason, seconds`.

    Rows have the keys `id, verifier, reference, completion`, or are our own stored completions (`problem_id, sample,
    verifier, reference, text`, the id becoming `problem_id/sample`). Rows without a verifier are left out and counted, and so are
    episodes: the state that an environment judged them by is gone, and their text alone does not say what they did.
    Raises `UserError` naming file, row and key for what cannot be read; then nothing is written.
    """
    items, left_out = read_items(source)
    if not items:
        raise UserError(f"{source}: no rows to judge ({left_out.told}). Each row needs {', '.join(PLAIN)}.")
    require_writable(source, out)
    progress = Progress("verify", None)
    if left_out.unjudged or left_out.episodes:
        print(f"{source}: left out {left_out.told}", file=sys.stderr)
    with VerifierPool(workers) as pool:
        judged = pool.judge(items, lambda done, total: progress.update("judged", done, total))
    write_table(out, [_row(item, answer) for item, answer in zip(items, judged, strict=True)], VERDICT)
    counts = {outcome: sum(a.verdict.outcome == outcome for a in judged) for outcome in ("correct", "incorrect", "unscorable")}
    print(f"{out}: " + ", ".join(f"{n} {outcome}" for outcome, n in counts.items()), file=sys.stderr)


def require_writable(source: Path, out: Path) -> None:
    """Raises `UserError` where `out` cannot be written, before hours are spent on judging."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out.parent}: {error.strerror}. Choose another place for the verdicts.") from error
    if out.resolve() == source.resolve():
        raise UserError(f"{out}: that is the input. Choose another place for the verdicts.")
    if out.is_dir() or not os.access(out.parent, os.W_OK | os.X_OK):
        raise UserError(f"{out}: cannot be written there. Choose another place for the verdicts.")


def read_items(source: Path) -> tuple[list[Item], LeftOut]:
    """The items of a file, and how many rows were left out."""
    if not source.is_file():
        raise UserError(f"{source}: no such file. Name a .jsonl or .parquet file with the columns {', '.join(PLAIN)}.")
    rows = _parquet_rows(source) if source.suffix == ".parquet" else _jsonl_rows(source)
    items, left_out = [], LeftOut()
    for where, row in rows:
        item = _item(where, row)
        if item is not None:
            items.append(item)
        elif row["verifier"] == EPISODES:
            left_out.episodes += 1
        else:
            left_out.unjudged += 1
    return items, left_out


def _jsonl_rows(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    # Only "\n" ends a line: JSON strings may hold U+2028 and the like unescaped.
    with open(source, "rb") as handle:
        for number, line in enumerate(handle, start=1):
            where = f"{source}, line {number}"
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
            except (ValueError, RecursionError) as error:
                raise UserError(f"{where}: not a line of JSON ({error}). Correct the line, or name a .parquet file.") from error
            if not isinstance(row, dict):
                raise UserError(f"{where}: a JSON {type(row).__name__}, not an object. Write one object a line.")
            yield where, row


def _parquet_rows(source: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        file = pq.ParquetFile(source)
    except (pa.ArrowInvalid, OSError) as error:
        raise UserError(f"{source}: not a readable parquet file ({error}). Make it again, or name a .jsonl file.") from error
    with file:
        wanted = STORED if "problem_id" in file.schema_arrow.names else PLAIN
        missing = [name for name in wanted if name not in file.schema_arrow.names]
        if missing:
            raise UserError(f"{source}: missing column {missing[0]!r}. Expected {', '.join(PLAIN)}, or stored completions.")
        number = 0
        try:
            for batch in file.iter_batches(columns=list(wanted)):
                for row in batch.to_pylist():
                    yield f"{source}, row {number}", row
                    number += 1
        except (pa.ArrowInvalid, OSError) as error:
            raise UserError(f"{source}: damaged after row {number} ({error}). Make it again.") from error


def _item(where: str, row: dict[str, Any]) -> Item | None:
    stored = "problem_id" in row
    for key in STORED if stored else PLAIN:
        if key not in row:
            raise UserError(f"{where}: the key {key!r} is missing. Each row needs {', '.join(PLAIN)}.")
    if row["verifier"] is None or row["verifier"] == EPISODES:
        return None
    if stored and (isinstance(row["sample"], bool) or not isinstance(row["sample"], int)):
        raise UserError(f"{where}: 'sample' is {row['sample']!r}, expected a whole number.")
    if stored and not isinstance(row["problem_id"], str):
        raise UserError(f"{where}: 'problem_id' is {type(row['problem_id']).__name__}, expected text.")
    identity = f"{row['problem_id']}/{row['sample']}" if stored else row["id"]
    reference, completion = row["reference"], row["text" if stored else "completion"]
    if isinstance(reference, dict | list):
        reference = json.dumps(reference)
    named = {
        "problem_id" if stored else "id": identity,
        "verifier": row["verifier"],
        "reference": reference,
        "completion": completion,
    }
    for key, value in named.items():
        if not isinstance(value, str):
            raise UserError(f"{where}: {key!r} is {type(value).__name__}, expected text.")
    try:
        str(identity).encode("utf-8")
    except UnicodeEncodeError as error:
        raise UserError(f"{where}: the id {identity!r} holds half a surrogate pair, which is no text. Correct it.") from error
    try:
        json.loads(reference)
    except (ValueError, RecursionError) as error:
        raise UserError(
            f"{where}: 'reference' is not JSON ({error}). It is the JSON text that the verifier {row['verifier']!r} reads."
        ) from error
    try:
        find(row["verifier"])
    except UserError as error:
        raise UserError(f"{where}: {error}") from error
    return Item(identity, row["verifier"], reference, completion)


def _row(item: Item, judged: Judged) -> dict[str, Any]:
    verdict = judged.verdict
    return {
        "id": item.id,
        "verdict": verdict.outcome,
        "score": verdict.score,
        "reason": verdict.reason,
        "seconds": judged.seconds,
    }
