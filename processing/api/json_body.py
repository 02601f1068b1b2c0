"""JSON bodies, both ways."""

import codecs
import json
import re
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, get_encoding  # type: ignore[attr-defined]  # not in the stubs
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.json import strict_constant

from processing.api.json_structure import StructureCounter, TooCostly
from processing.api.large_bodies import LARGE_BYTES, one_at_a_time
from processing.api.v1_0_refusals import Refusal

_STEP_BYTES = 256 * 1024
_BEYOND_ASCII = bytes(range(128, 256))
_RUN_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")


class JsonParser(BaseParser):
    """Reads JSON whose structure is bounded; keeps the body no longer than needed.

    Not DRF's JSONParser, for which the request would hold the whole body until it is answered.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the document; raise ParseError, Refusal for too many values, or ServerBusy."""
        encoding = get_encoding(parser_context or {})
        body = read_bounded(stream)
        with one_at_a_time(len(body)):
            return _decoded(body, encoding)


class JsonRenderer(JSONRenderer):
    """Writes JSON and names its encoding, as remove.bg does."""

    charset = "utf-8"


def read_bounded(stream: Any) -> bytearray:
    """Return the body; stop reading and raise Refusal once parsing would make too much of it."""
    body, structure = bytearray(), StructureCounter()
    while piece := stream.read(_STEP_BYTES):
        try:
            structure.feed(piece)
        except TooCostly as error:
            raise _refusal(str(error)) from None
        body += piece
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise RequestDataTooBig
    return body


def _decoded(body: bytearray, encoding: str) -> Any:
    """Return the document, and empty the body as soon as its text exists."""
    try:
        if body.startswith(codecs.BOM_UTF8):  # as some editors and PowerShell write it
            del body[: len(codecs.BOM_UTF8)]
        text = _escaped(body, encoding).decode("ascii")
        body.clear()
        document = json.loads(text, parse_constant=strict_constant)
    except RecursionError:
        raise ParseError("JSON parse error - nested too deeply") from None
    except ValueError as error:
        raise ParseError(f"JSON parse error - {error}") from None
    return document


def _escaped(body: bytearray, encoding: str) -> bytearray | bytes:
    """Return the body in ASCII, other characters as JSON escapes: one of them would make the whole text wide."""
    if body.isascii():
        return body
    if len(body) - len(body.translate(None, _BEYOND_ASCII)) > LARGE_BYTES:
        raise _refusal("The JSON document has too much text that is not ASCII.")
    return _RUN_BEYOND_ASCII.sub(lambda run: json.dumps(run[0].decode(encoding))[1:-1].encode("ascii"), body)


def _refusal(detail: str) -> Refusal:
    return Refusal("invalid_body", "Invalid request body", detail)
