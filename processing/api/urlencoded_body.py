"""Urlencoded bodies of the API, whose one long field is base64 text.

The standard library makes two objects of every percent sign: 80 bytes of memory for each byte of the body.
"""

import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import QueryDict
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, get_encoding  # type: ignore[attr-defined]  # not in the stubs

LONG_BYTES = 64 * 1024
"""A longer field is read as base64 text."""

MOST_ESCAPES = 50_000
"""Percent signs of the other fields together."""

_STEP_BYTES = 256 * 1024
_ESCAPED = {f"%{ord(character):02X}": character for character in "+/=:;, \t\r\n"}
_REPLACED = [
    (spelling.encode(), character.encode())
    for escape, character in _ESCAPED.items()
    for spelling in dict.fromkeys((escape, escape.lower()))
]
"""The escapes that base64 text, its white space and the prefix of a data URI have."""

_OTHER_ESCAPE = re.compile(b"%(?!" + b"|".join(escape[1:] for escape, _character in _REPLACED) + b")")


class UrlencodedParser(BaseParser):
    """Reads application/x-www-form-urlencoded with memory in proportion to the body."""

    media_type = "application/x-www-form-urlencoded"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> QueryDict:
        """Return the fields; raise ParseError, TooManyFieldsSent or RequestDataTooBig."""
        encoding = get_encoding(parser_context or {})
        pairs = _pairs_of(_read(stream))
        short = [pair for pair in pairs if len(pair) <= LONG_BYTES]
        long = [pair for pair in pairs if len(pair) > LONG_BYTES]
        pairs.clear()
        if sum(pair.count(b"%") for pair in short) > MOST_ESCAPES:
            raise RequestDataTooBig
        fields = QueryDict(b"&".join(short), mutable=True, encoding=encoding)
        while long:
            fields.appendlist(*_long_field(long.pop(0)))
        return fields


def _read(stream: Any) -> bytes:
    pieces, n_bytes = [], 0
    while piece := stream.read(_STEP_BYTES):
        pieces.append(piece)
        n_bytes += len(piece)
        if n_bytes > (settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0):
            raise RequestDataTooBig
    return b"".join(pieces)


def _pairs_of(body: bytes) -> list[bytes]:
    if body.count(b"&") >= (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0):
        raise TooManyFieldsSent
    return body.split(b"&")


def _long_field(pair: bytes) -> tuple[str, str]:
    """Return name and text of a long field; hold no more than two copies of it at a time.

    Raises RequestDataTooBig for a long name, ParseError for text that is not base64 text.
    """
    name, _, value = pair.partition(b"=")
    del pair
    if len(name) > LONG_BYTES:
        raise RequestDataTooBig
    text = bytearray()
    for piece in _unescaped(value):
        text += piece
    del value
    return next(iter(QueryDict(name + b"=")), ""), text.decode("ascii")


def _unescaped(value: bytes) -> Iterator[bytes]:
    """Yield a long value in pieces with their escapes replaced, so that no step keeps other threads waiting.

    Raises ParseError for other escapes and for bytes beyond ASCII.
    """
    position = 0
    while position < len(value):
        end = position + _STEP_BYTES
        cut_escape = value.rfind(b"%", end - 2, end)
        end = end if cut_escape < 0 else cut_escape
        piece = value[position:end].replace(b"+", b" ")
        if _OTHER_ESCAPE.search(piece) or not piece.isascii():
            raise ParseError("A long field must be base64 text.")
        for escape, character in _REPLACED:
            piece = piece.replace(escape, character)
        yield piece
        position = end
