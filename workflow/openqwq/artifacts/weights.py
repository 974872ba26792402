"""What a safetensors file holds, without its weights."""

import json
from pathlib import Path
from typing import Any

LONGEST = 100_000_000  # bytes of a header, the format's own bound


def header(path: Path) -> dict[str, Any]:
    """Each tensor's `dtype`, `shape` and place, by name, from 8 bytes of length and JSON. Raises `ValueError` for other files."""
    with open(path, "rb") as handle:
        length = int.from_bytes(handle.read(8), "little")
        text = handle.read(length) if length <= LONGEST else b""
    tensors: dict[str, Any] = json.loads(text)
    if not isinstance(tensors, dict):
        raise ValueError("its header is no JSON object")
    tensors.pop("__metadata__", None)
    return tensors
