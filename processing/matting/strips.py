"""Cuts a tall picture into strips of rows, so that float arithmetic needs memory for one strip only."""

from collections.abc import Iterator

# So few rows of floats stay in the processor's cache from one step to the next.
ROWS_AT_ONCE = 32


def row_strips(end: int, rows_at_once: int = ROWS_AT_ONCE, *, start: int = 0) -> Iterator[slice]:
    """Yield slices of rows that cover start..end in order."""
    for first in range(start, end, rows_at_once):
        yield slice(first, min(first + rows_at_once, end))
