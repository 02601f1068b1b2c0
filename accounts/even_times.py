"""Answers that take the same time whatever was done for them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

STEP_S = 1.0
"""A mail server takes a mail within a fraction of this, and refuses a connection sooner."""


@contextmanager
def rounded_up() -> Iterator[None]:
    """Make the block take a whole number of steps, however it ends."""
    began = time.monotonic()
    try:
        yield
    finally:
        if STEP_S:
            time.sleep(-(time.monotonic() - began) % STEP_S)
