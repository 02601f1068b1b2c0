"""The whole table."""

from tests.conformance import v1_0_rows, v1_rows

ROWS = [*v1_0_rows.ROWS, *v1_rows.ROWS]
