"""How the C library gives memory back: without this, a process keeps what a burst of large bodies needed."""

import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress

_M_MMAP_THRESHOLD = -3
LARGE_BLOCK_BYTES = 8 * 1024 * 1024
"""Blocks from this size on are mapped on their own and unmapped when freed; glibc would raise the size to 32 MB."""

TRIM_EVERY_S = 10.0


def return_large_blocks() -> None:
    """Fix glibc's mmap threshold; other C libraries have no such call and are left alone."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES)


def return_free_pages() -> None:
    """Return free pages of all of glibc's arenas to the system; each thread that worked has left some in its own."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


class IdleTrimmer(threading.Thread):
    """A daemon thread that returns free pages every TRIM_EVERY_S seconds, unless images are in work."""

    def __init__(self, is_idle: Callable[[], bool]) -> None:
        super().__init__(name="trimmer", daemon=True)
        self._is_idle = is_idle
        self._stopping = threading.Event()

    def run(self) -> None:
        """Trim until stop()."""
        while not self._stopping.wait(TRIM_EVERY_S):
            if self._is_idle():
                return_free_pages()

    def stop(self) -> None:
        """Let the thread end."""
        self._stopping.set()
