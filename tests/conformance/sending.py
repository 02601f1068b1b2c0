"""Sends a row as somebody would: its fields in its body type, with its headers."""

import base64
import functools
import io
import json
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.conformance.pictures import picture
from tests.conformance.rows import B64, File, Row, Url


def send(row: Row, secret: str | None, files_port: int) -> Any:
    """Send the request of a row with this key and return the answer."""
    body, content_type = _body(row, files_port) if row.method == "POST" else (b"", "")
    headers = ({"x-api-key": secret} if secret else {}) | dict(row.headers)
    return _client().generic(row.method, row.path, body, content_type, headers=headers)


@functools.cache
def _client() -> Client:
    """Return one client for all rows: each new one loads every middleware anew, which takes longer than a refusal."""
    return Client(raise_request_exception=False)


def _body(row: Row, files_port: int) -> tuple[bytes, str]:
    fields = {name: _written(value, files_port) for name, value in row.fields.items()}
    match row.body:
        case "raw":
            return row.raw, row.content_type
        case "json":
            return json.dumps(fields).encode(), row.content_type or "application/json"
        case "urlencoded":
            return urlencode(fields).encode(), "application/x-www-form-urlencoded"
        case "multipart":
            return encode_multipart(BOUNDARY, fields), MULTIPART_CONTENT


def _written(value: Any, files_port: int) -> Any:
    match value:
        case File():
            return _part(value)
        case B64():
            return value.prefix + _in_lines(base64.b64encode(picture(value.picture)).decode(), value.line_length)
        case Url():
            return f"http://{value.host}:{files_port}{value.path}"
        case _:
            return value


def _in_lines(text: str, length: int) -> str:
    """Return the text with a line end and blanks after every `length` characters; 0: as it is."""
    return "\r\n  ".join(text[start : start + length] for start in range(0, len(text), length)) if length else text


def _part(file: File) -> io.BytesIO:
    """Return what Django's encoder writes as a file part."""
    part = io.BytesIO(picture(file.picture))
    part.name = file.sent_as or file.picture
    if file.content_type:
        part.content_type = file.content_type  # type: ignore[attr-defined]
    return part
