"""One request over one connection: a picture's bytes, or where to look instead."""

import http.client
import io
import re
import socket
from dataclasses import dataclass

from django.conf import settings

from processing.fetching.deadline import FetchDeadline
from processing.fetching.errors import Refused
from processing.fetching.urls import Target
from processing.matting.errors import FileTooLarge
from processing.matting.header import MIB

SLACK_BYTES = 64 * 1024
"""What may be read beside the picture: headers, the framing of chunks, and the proof that a body is over the cap."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WHOLE = frozenset({http.client.OK, http.client.NON_AUTHORITATIVE_INFORMATION, http.client.PARTIAL_CONTENT})
"""With a body that is the picture; of a partial one if its range is the whole."""

_COMPRESSIONS = frozenset(
    {"gzip", "x-gzip", "compress", "x-compress", "deflate", "br", "zstd", "dcb", "dcz", "exi", "pack200-gzip", "snappy"}
    | {"bzip2", "x-bzip2", "bz2", "lzma", "xz", "lz4", "aes128gcm"}
)
"""Codings that change the bytes: the registered ones, and others in use. Other words, such as S3's `aws-chunked`, name
nothing that was done to the body."""

_WHOLE_RANGE = re.compile(r"bytes 0-([0-9]{1,19})/([0-9]{1,19})")
_STEP_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer was to look elsewhere."""

    location: str


def ask(target: Target, connection: socket.socket, *, max_bytes: int, deadline: FetchDeadline) -> bytes | Redirect:
    """Send one GET and return its body or redirect; raise Refused for any other answer, FileTooLarge over the cap."""
    connection.settimeout(deadline.time_left_s())
    connection.sendall(_request(target))
    wire = _Wire(connection, deadline=deadline, max_bytes=max_bytes)
    response = _FinalResponse(wire, method="GET")  # type: ignore[arg-type]  # it wants no more of a socket
    with response:
        response.begin()
        if response.status in _REDIRECTS:
            return Redirect(_location(response))
        if response.status not in _WHOLE:
            raise Refused(f"the answer was {response.status}")
        _check_framing(response, max_bytes=max_bytes)
        wire.headers_are_read()
        body = _read_body(response, max_bytes=max_bytes)
        if response.status == http.client.PARTIAL_CONTENT:
            _check_is_whole(response, len(body))
        return body


class _FinalResponse(http.client.HTTPResponse):
    """Skips every interim response (RFC 9110, section 15.2); http.client skips 100 alone."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]  # not in the stubs
        is_interim = 100 < status < 200 and status != http.client.SWITCHING_PROTOCOLS
        return version, http.client.CONTINUE if is_interim else status, reason


class _Wire(io.RawIOBase):
    """A socket's receiving half that ends at the deadline and at the cap, however the bytes are framed.

    Each read gets the time that is left, so that a byte now and then prolongs nothing. Until the headers are read only
    the slack may be; a reader ahead of us cannot take more.
    """

    def __init__(self, connection: socket.socket, *, deadline: FetchDeadline, max_bytes: int) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._left = SLACK_BYTES
        self._too_much: Exception = Refused("the headers are too long")

    def headers_are_read(self) -> None:
        """Let the picture itself through."""
        self._left += self._max_bytes
        self._too_much = too_large(self._max_bytes)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the buffered reader that http.client asks a socket for."""
        return io.BufferedReader(self, _STEP_BYTES)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Receive once."""
        if self._left <= 0:
            raise self._too_much
        self._connection.settimeout(self._deadline.time_left_s())
        received = self._connection.recv_into(buffer[: self._left])
        self._left -= received
        return received


def too_large(max_bytes: int) -> FileTooLarge:
    """Return the refusal of a picture over the cap, in the words of an upload over it."""
    return FileTooLarge(f"The image is larger than {max_bytes / MIB:g} MB, the most one image may have.")


def _request(target: Target) -> bytes:
    product = re.sub(r"[^A-Za-z0-9._-]+", "-", settings.PRODUCT_NAME)
    lines = (
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"User-Agent: {product}/1.0 (fetches pictures that its users name)",
        "Accept: image/*, */*;q=0.5",
        "Accept-Encoding: identity",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _location(response: http.client.HTTPResponse) -> str:
    locations = response.headers.get_all("Location") or []
    if len(locations) != 1:
        raise Refused("a redirect to nowhere, or to several places")
    return str(locations[0]).encode("latin-1").decode("utf-8")  # http.client reads every header as latin-1


def _check_framing(response: http.client.HTTPResponse, *, max_bytes: int) -> None:
    codings = {word.strip() for value in _values(response, "Content-Encoding") for word in value.split(",")}
    if codings & _COMPRESSIONS:
        raise Refused("the body is compressed")
    if _values(response, "Transfer-Encoding") - {"chunked", "identity", ""}:
        raise Refused("the body is framed in an unknown way")
    lengths = _values(response, "Content-Length")
    if len(lengths) > 1 or not all(re.fullmatch(r"[0-9]{1,19}", length) for length in lengths):
        raise Refused("the length of the body is not a number")
    if lengths and int(lengths.pop()) > max_bytes:
        raise too_large(max_bytes)


def _check_is_whole(response: http.client.HTTPResponse, n_bytes: int) -> None:
    """Raise Refused unless a 206 answer has every byte of the picture."""
    ranges = _values(response, "Content-Range")
    found = _WHOLE_RANGE.fullmatch(ranges.pop()) if len(ranges) == 1 else None
    if found is None or int(found[1]) + 1 != n_bytes or int(found[2]) != n_bytes:
        raise Refused("the answer was 206 with a part of the picture")


def _values(response: http.client.HTTPResponse, name: str) -> set[str]:
    """Return the different values of a header in lower case: http.client itself looks at the first one alone."""
    return {str(value).strip().lower() for value in response.headers.get_all(name) or []}


def _read_body(response: http.client.HTTPResponse, *, max_bytes: int) -> bytes:
    body = bytearray()
    while data := response.read(min(_STEP_BYTES, max_bytes + 1 - len(body))):
        body += data
        if len(body) > max_bytes:
            raise too_large(max_bytes)
    if response.length:
        raise Refused(f"the body ended {response.length} bytes early")
    if not body:
        raise Refused("the body is empty")
    return bytes(body)
