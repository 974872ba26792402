"""Loops that are compiled to machine code when they are first called."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code, kept beside its file or else in the user's cache folder; made again when the file changes.

    That looks at no other file: what a compiled function calls stands in the same file, and what is decided elsewhere comes as
    an argument. Where there is no folder to write to, the code is made anew in each process.
    """
    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:
        return numba.njit(function)
