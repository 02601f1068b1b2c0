"""The character encodings that a request may name, and the refusal of all others.

Python decodes with any codec it has, and some of them take time that grows with the square of the text.
"""

from collections.abc import Iterator
from email.message import Message
from encodings import normalize_encoding
from encodings.aliases import aliases

from django.core.exceptions import BadRequest
from django.utils.translation import gettext_noop as _

from accounts.errors import ServiceError

ACCEPTED_CODECS = frozenset({"utf_8", "ascii", "latin_1"})


class UnsupportedCharset(ServiceError, BadRequest):
    """The request names another encoding; Django answers a BadRequest with 400 wherever it is raised."""

    code, status, is_our_fault = "validation_error", 400, False
    public_text = _("The charset is not supported. Send the request in UTF-8.")


def is_accepted(charset: str) -> bool:
    """Return whether a charset is empty, UTF-8, ASCII, Latin-1 or an alias of these; looks no codec up."""
    name = normalize_encoding(charset.strip(" '")).lower() if charset.isascii() else charset
    return not name or aliases.get(name, name) in ACCEPTED_CODECS


def check_header(value: str) -> None:
    """Raise UnsupportedCharset if a parameter of a header (RFC 9110, 2231) names another charset."""
    if not all(is_accepted(charset) for charset in _charsets_in(value)):
        raise UnsupportedCharset


def parameters_of(value: str) -> list[tuple[str, str | tuple[str | None, str | None, str]]]:
    """Return the (name, value) pairs after the first `;` of a header, extended values (RFC 2231) not decoded.

    This is the parser behind Django's `parse_header_parameters`, so both find the same parameters.
    """
    if ";" not in value:
        return []
    message = Message()
    message["content-type"] = value
    return (message.get_params() or [])[1:]  # type: ignore[return-value]  # the stubs know pairs of text only


def _charsets_in(header: str) -> Iterator[str]:
    for name, value in parameters_of(header):
        is_charset = name.lower() == "charset"
        if isinstance(value, tuple):
            yield from [value[0]] if value[0] else []
            yield from [value[2]] if is_charset else []
        elif is_charset:
            yield value
