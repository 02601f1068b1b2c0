"""Where a request's pictures come from: a file part, base64 text, or an address to fetch."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import UploadedFile
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from processing.api.base64_text import decode_pieces, split_digits
from processing.api.large_bodies import one_at_a_time
from processing.api.urlencoded_body import UrlencodedParser
from processing.matting.errors import UnreadableImage
from processing.services import PictureAddress

_DATA_URI = re.compile(r"data:[^,]{0,200},", re.IGNORECASE)


def file_of(request: Request, name: str) -> bytes | None:
    """Return the bytes of the file part of that name, None where there is none (text of that name is none)."""
    upload = request.FILES.get(name)
    if not isinstance(upload, UploadedFile):
        return None
    # Not read(): that would copy what lies in memory already.
    return upload.file.getvalue() if isinstance(upload.file, BytesIO) else bytes(upload.read())


def text_of(request: Request, name: str) -> str:
    """Return the field of that name as text, empty where it is missing or null; raise ValidationError for no text."""
    value = _fields_of(request).get(name)
    if value is None or isinstance(value, UploadedFile):
        return ""
    if not isinstance(value, str):
        raise ValidationError({name: ["must be text."]})
    return value.strip()


def address_of(request: Request, name: str) -> PictureAddress | None:
    """Return the address in the field of that name, None where it is empty; raise BadUrl."""
    text = text_of(request, name)
    return PictureAddress(text, field=name) if text else None


def is_urlencoded(request: Request) -> bool:
    """Return whether the body is an urlencoded form, in which an unescaped plus sign arrives as a blank."""
    return request.content_type.startswith(UrlencodedParser.media_type)


def decode_base64(text: str, *, max_bytes: int, blanks_are_plus_signs: bool = True) -> bytes:
    """Return the bytes of base64 text (RFC 4648, either alphabet), with or without a data URI's prefix (RFC 2397).

    White space is skipped, but for blanks within a line where they are plus signs; missing padding is added. Raises
    FileTooLarge before decoding more than `max_bytes`, UnreadableImage for text that is not base64, ServerBusy.
    """
    prefix = _DATA_URI.match(text)
    digits = (text[prefix.end() :] if prefix else text).strip()
    try:
        with one_at_a_time(len(digits)):
            pieces = split_digits(digits, blanks_are_plus_signs=blanks_are_plus_signs)
            return decode_pieces(pieces, max_bytes=max_bytes).getvalue()
    except ValueError:
        raise UnreadableImage("The base64 text could not be decoded. Send it as RFC 4648 describes.") from None


def refuse_large_fields(request: Request, *, beside: tuple[str, ...]) -> None:
    """Raise RequestDataTooBig where the text fields, without those that hold a picture, are larger than allowed."""
    sizes = (len(value) for name, value in _fields_of(request).items() if name not in beside and isinstance(value, str))
    if sum(sizes) > settings.MAX_FORM_BYTES:
        raise RequestDataTooBig


def _fields_of(request: Request) -> Mapping[str, Any]:
    """Return the body's fields; none of a body that is a JSON list or text."""
    return request.data if isinstance(request.data, Mapping) else {}
