"""Freed memory is kept for the next step instead of being given back to the system.

By default glibc maps every large tensor anew, and the kernel fills each of its pages with zeros when it is first touched. A
training step on CPU makes and frees the same gigabytes at every micro-batch, and spends a third of its time on that.
"""

import ctypes
import platform

# malloc.h; see mallopt(3)
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
TOP_PAD = 64 * 2**20  # bytes asked for at once


def keep_freed_memory() -> bool:
    """Applies to this process from now on; returns whether the system's allocator could be told (glibc alone)."""
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # One arena: what the backward pass's thread frees, the forward pass takes.
    settings = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: -1, M_TOP_PAD: TOP_PAD, M_ARENA_MAX: 1}
    return all(mallopt(option, value) for option, value in settings.items())
