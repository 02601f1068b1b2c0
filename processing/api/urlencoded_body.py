"""Urlencoded bodies of the API, whose one long field is base64 text.

The standard library makes two objects of every percent sign: 80 bytes of memory for each byte of the body.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, get_encoding  # type: ignore[attr-defined]  # not in the stubs

from processing.api.large_bodies import STEP_BYTES, has_too_many_escapes, one_at_a_time

LONG_BYTES = 64 * 1024
"""A longer field is read as base64 text."""

MOST_ESCAPES = 50_000
"""Percent signs of the other fields together."""


class UrlencodedParser(BaseParser):
    """Reads application/x-www-form-urlencoded with memory in proportion to the body."""

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> QueryDict:
        """Return the fields; raise ParseError, TooManyFieldsSent, RequestDataTooBig or ServerBusy."""
        encoding = get_encoding(parser_context or {})
        body = _read(stream)
        with one_at_a_time(body.tell()):
            return _parse_fields(_split_pairs(body), encoding)


def _read(stream: Any) -> BytesIO:
    body = BytesIO()
    while piece := stream.read(STEP_BYTES):
        body.write(piece)
        if body.tell() > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            raise RequestDataTooBig
    return body


def _split_pairs(body: BytesIO) -> list[bytes]:
    """Return the fields as they were sent, and empty the body."""
    sent = body.getvalue()
    body.close()
    if sent.count(b"&") >= (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0):
        raise TooManyFieldsSent
    return sent.split(b"&")


def _parse_fields(pairs: list[bytes], encoding: str) -> QueryDict:
    """Return the fields, and empty the list as their text exists."""
    short = [pair for pair in pairs if len(pair) <= LONG_BYTES]
    long = [pair for pair in pairs if len(pair) > LONG_BYTES]
    pairs.clear()
    if sum(pair.count(b"%") for pair in short) > MOST_ESCAPES:
        raise RequestDataTooBig
    fields = QueryDict(b"&".join(short), mutable=True, encoding=encoding)
    while long:
        fields.appendlist(*_long_field(long.pop(0)))
    return fields


def _long_field(pair: bytes) -> tuple[str, str]:
    """Return name and text of a long field; hold no more than two copies of it at a time.

    Raises RequestDataTooBig for a long name or too many escapes, ParseError for text that is not base64 text.
    """
    name = pair[: LONG_BYTES + 1].partition(b"=")[0]
    if len(name) > LONG_BYTES or has_too_many_escapes(pair.count(b"%"), len(pair)):
        raise RequestDataTooBig
    text = BytesIO()
    for piece in _unescaped(pair, len(name) + 1):
        text.write(piece)
    del pair
    return next(iter(QueryDict(name + b"=")), ""), text.getvalue().decode("ascii")


def _unescaped(pair: bytes, position: int) -> Iterator[bytes]:
    """Yield the value that begins there, in pieces with their escapes replaced; raise ParseError beyond ASCII."""
    while position < len(pair):
        end = position + STEP_BYTES
        cut_escape = pair.rfind(b"%", end - 2, end)
        end = end if cut_escape < 0 else cut_escape
        piece = unquote_to_bytes(pair[position:end].replace(b"+", b" "))
        if not piece.isascii():
            raise ParseError("A long field must be base64 text.")
        yield piece
        position = end
