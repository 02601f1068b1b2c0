"""Cuts a tall picture into strips of rows, so that float arithmetic needs memory for one strip only."""

from collections.abc import Iterator

ROWS_AT_ONCE = 256


def row_strips(height: int, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[slice]:
    """Yield slices of rows that cover 0..height in order."""
    for start in range(0, height, rows_at_once):
        yield slice(start, min(start + rows_at_once, height))
