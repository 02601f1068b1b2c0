"""Requests as a table for spreadsheets, which run what begins like a formula."""

import csv
from collections.abc import Iterator
from datetime import UTC

from processing.models import RemovalRecord
from processing.usage import Question, records_of

HEADER = (
    "time",
    "request_id",
    "origin",
    "key",
    "key_ends_with",
    "status",
    "code",
    "width",
    "height",
    "input_bytes",
    "output_bytes",
    "ms",
    "credits",
    "model",
    "quality",
)
ROWS_AT_ONCE = 2000
_BEGINNINGS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Line:
    """A file for the csv module that hands back what it is given."""

    def write(self, line: str) -> str:
        """Return the line."""
        return line


def csv_lines(asked: Question) -> Iterator[str]:
    """Yield the requests as CSV, the newest first, a few thousand rows in memory at most."""
    writer = csv.writer(_Line())
    yield writer.writerow(HEADER)
    records = records_of(asked).select_related("api_key").order_by("-created", "-pk")
    for record in records.iterator(chunk_size=ROWS_AT_ONCE):
        yield writer.writerow([_harmless(value) for value in _cells(record)])


def _cells(record: RemovalRecord) -> tuple[object, ...]:
    key = record.api_key
    return (
        record.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        record.request_id,
        record.origin,
        key.name if key else "",
        key.last_four if key else "",
        record.status,
        record.code,
        record.input_width,
        record.input_height,
        record.input_bytes,
        record.output_bytes,
        record.took_ms,
        record.credits_charged,
        record.model,
        record.quality,
    )


def _harmless(value: object) -> object:
    """Return the value as a spreadsheet takes it for text: an apostrophe before what looks like a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_BEGINNINGS_OF_FORMULAS) else value
