"""Requests as a table, to take along."""

from collections.abc import Iterator, Sequence
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


def csv_rows(asked: Question) -> Iterator[Sequence[object]]:
    """Yield the header, then the requests, the newest first, a few thousand rows in memory at most."""
    yield HEADER
    records = records_of(asked).select_related("api_key").order_by("-created", "-pk")
    for record in records.iterator(chunk_size=ROWS_AT_ONCE):
        yield _cells(record)


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
