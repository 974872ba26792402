"""Parquet, batch by batch; of each batch only the rows that are wanted become Python objects."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openqwq.data.rows import Malformed
from openqwq.errors import UserError

BATCH = 1024  # rows; long traces make a larger batch heavy


def read(path: Path, mine: Iterator[bool]) -> Iterator[tuple[str, dict[str, Any] | Malformed] | None]:
    """Rows with file and number, from 1."""
    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=BATCH):
            wanted = list(islice(mine, batch.num_rows))
            rows = iter((batch if all(wanted) else batch.filter(pa.array(wanted))).to_pylist())
            for is_mine in wanted:
                number += 1
                yield (f"{path}, row {number}", next(rows)) if is_mine else None
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not readable as parquet after row {number} ({' '.join(str(error).split())}). Fetch or write the file again."
        ) from error
