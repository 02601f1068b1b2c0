"""How the C library gives memory back: without this, a process keeps what a burst of large bodies needed."""

import ctypes
from contextlib import suppress

_M_MMAP_THRESHOLD = -3
LARGE_BLOCK_BYTES = 8 * 1024 * 1024
"""Blocks from this size on are mapped on their own and unmapped when freed; glibc would raise the size to 32 MB."""


def return_large_blocks() -> None:
    """Fix glibc's mmap threshold; other C libraries have no such call and are left alone."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)
