"""Large bodies: one is parsed at a time in a process, in steps that let other threads run."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from processing.slots import ServerBusy

LARGE_BYTES = 1_000_000
"""A larger body or text waits until no other large one is parsed in this process."""

LARGE_WAIT_S = 10.0
RETRY_AFTER_S = 2

STEP_BYTES = 64 * 1024
"""What one call of a codec gets: no other thread runs until the call returns."""

MOST_ESCAPES = 200_000
BYTES_PER_ESCAPE = 16
"""A body with more than MOST_ESCAPES may have one escape in BYTES_PER_ESCAPE bytes, because parsers are slow at them.

Base64 text with escaped slashes, plus signs and line ends has one in twenty.
"""

_large_body = threading.BoundedSemaphore(1)


@contextmanager
def one_at_a_time(n_bytes: int) -> Iterator[None]:
    """Parse `n_bytes` in the block while no other large body is parsed; raise ServerBusy after LARGE_WAIT_S."""
    if n_bytes <= LARGE_BYTES:
        yield
        return
    if not _large_body.acquire(timeout=LARGE_WAIT_S):
        raise ServerBusy(retry_after_s=RETRY_AFTER_S)
    try:
        yield
    finally:
        _large_body.release()


def has_too_many_escapes(n_escapes: int, n_bytes: int) -> bool:
    """Return whether a body has more escapes than text that a program escaped."""
    return n_escapes > max(MOST_ESCAPES, n_bytes // BYTES_PER_ESCAPE)
