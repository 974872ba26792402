"""LiveCodeBench's private tests: JSON text, pickled, compressed, in base64.

A pickle can run any code when it is loaded, and these come from the network. The one here holds nothing but a text, so the
unpickler refuses every name that a pickle may ask for, and whatever comes out that is not a text.
"""

import base64
import binascii
import io
import pickle
import zlib
from typing import Any, NoReturn

MAX_BYTES = 2_000_000_000  # of the tests of one problem, unpacked


class Unpackable(Exception):
    """The tests are not what they should be; the message says what is wrong."""


class _TextOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> NoReturn:
        raise Unpackable(f"the pickle asks for {module}.{name}; it may hold a text alone")

    def persistent_load(self, pid: Any) -> NoReturn:  # noqa: ARG002
        raise Unpackable("the pickle asks for an object outside of it; it may hold a text alone")


def unpack(packed: str) -> str:
    """The JSON text. Raises `Unpackable`."""
    try:
        stream = zlib.decompressobj()
        data = stream.decompress(base64.b64decode(packed, validate=True), MAX_BYTES)
    except (binascii.Error, ValueError, zlib.error) as error:
        raise Unpackable(f"neither JSON nor compressed in base64 ({error})") from error
    if stream.unconsumed_tail or not stream.eof:
        raise Unpackable(f"cut off, or more than {MAX_BYTES} bytes")
    try:
        text = _TextOnly(io.BytesIO(data)).load()
    except Unpackable:
        raise
    except Exception as error:  # a torn pickle raises whatever its opcodes run into
        raise Unpackable(f"no readable pickle ({type(error).__name__})") from error
    if not isinstance(text, str):
        raise Unpackable(f"the pickle holds {type(text).__name__}, expected a text")
    return text
