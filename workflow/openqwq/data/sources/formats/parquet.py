"""Parquet, batch by batch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from openqwq.data.rows import Malformed
from openqwq.errors import UserError

BATCH = 1024  # rows; long traces make a larger batch heavy


def read(path: Path) -> Iterator[tuple[str, dict[str, Any] | Malformed]]:
    """Rows with file and number, from 1."""
    number = 0
    try:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=BATCH):
            for row in batch.to_pylist():
                number += 1
                yield f"{path}, row {number}", row
    except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: not readable as parquet after row {number} ({' '.join(str(error).split())}). Fetch or write the file again."
        ) from error
