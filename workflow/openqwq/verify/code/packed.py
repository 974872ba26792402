"""Tests of a code reference as compressed text: megabytes of contest inputs would be kept once for every sample otherwise.

`"tests"` may be `{"zlib": "…"}`: JSON, compressed, in base64. Only data comes out of it.
"""

import base64
import binascii
import json
import zlib
from typing import Any

MAX_BYTES = 2_000_000_000  # unpacked


class NotPacked(Exception):
    """The text is not what `pack` makes."""


def pack(tests: list[dict[str, Any]]) -> dict[str, str]:
    """The tests as they stand in a reference."""
    text = json.dumps(tests, ensure_ascii=False, sort_keys=True)
    return {"zlib": base64.b64encode(zlib.compress(text.encode("utf-8", "surrogatepass"), 9)).decode("ascii")}


def unpacked(tests: Any) -> Any:
    """The tests that `pack` was given; anything else as it is. Raises `NotPacked` for a text that is damaged."""
    if not isinstance(tests, dict) or set(tests) != {"zlib"} or not isinstance(tests["zlib"], str):
        return tests
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode(tests["zlib"], validate=True), MAX_BYTES)
        if not stream.eof:
            raise NotPacked(f"cut off, or more than {MAX_BYTES} bytes")
        return json.loads(data.decode("utf-8", "surrogatepass"))
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise NotPacked(str(error)) from error
