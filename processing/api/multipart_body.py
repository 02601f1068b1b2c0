"""Multipart bodies (RFC 7578) of the API and of every form: the one parser behind `request.POST` and DRF.

Django's own parser drops a part whose file name is not UTF-8, takes a picture without a file name for text, and counts
no part without a name. This one keeps the picture whatever its name says, and bounds parts, headers and charsets
(docs/decisions/0012-multipart-parser.md).
"""

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import QueryDict
from django.http.multipartparser import (  # type: ignore[attr-defined]  # the stubs lack exhaust
    ChunkIter,
    InterBoundaryIter,
    LazyStream,
    MultiPartParser,
    MultiPartParserError,
    exhaust,
)
from django.utils.datastructures import MultiValueDict

from processing.api.base64_text import WHITE_SPACE, decode_pieces
from processing.api.charsets import UnsupportedCharset, check_header, is_accepted, parameters_of
from processing.api.large_bodies import STEP_BYTES, one_at_a_time

MOST_HEADER_BYTES = 8 * 1024
"""Of one part: its file name may come twice, percent-encoded."""

LONG_TEXT_BYTES = 1_000_000
"""A longer text field must be ASCII, as base64 is: others take up to four bytes of memory a character."""

PICTURE_FIELDS = frozenset({"image_file", "file", "bg_image_file"})
MOST_PARAMETERS = 32
"""Semicolons in one header of a part: parsing takes time that grows with their number times the header's length."""

NAMELESS = "upload"
"""What a file is called whose name is missing or cannot be kept."""

BINARY = "binary"
"""What programs such as `file --mime` call the charset of a picture; nobody decodes a file."""

_FOLD = re.compile(rb"\r\n[ \t]+")
_QUOTED_NAME = re.compile(r'(?:^|[;\s])name="([^"]*)"')

Fields = tuple[QueryDict, MultiValueDict[str, InMemoryUploadedFile]]


class MultipartHandler(MemoryFileUploadHandler):
    """Django's hook for a parser of one's own (FILE_UPLOAD_HANDLERS)."""

    def handle_raw_input(  # type: ignore[override]  # the stubs know the return value None alone
        self,
        input_data: Any,
        META: Any,  # noqa: N803 - the name is Django's
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> Fields:
        """Return the fields and files of the body."""
        return read_multipart(input_data, boundary, encoding or settings.DEFAULT_CHARSET)


@dataclass(frozen=True, slots=True)
class PartHead:
    """What the headers of a part say; `file_name` is None where the part has none."""

    name: str
    file_name: str | None
    content_type: str
    charset: str
    is_base64: bool

    @property
    def is_file(self) -> bool:
        """Whether the part is a file: named as one, or a picture field with a media type other than text."""
        is_nameless_picture = self.name in PICTURE_FIELDS and self.content_type[:5] not in ("", "text/")
        return self.file_name is not None or is_nameless_picture


def read_multipart(stream: Any, boundary: bytes, encoding: str) -> Fields:
    """Return the fields and files of a body.

    Raises TooManyFieldsSent, TooManyFilesSent, RequestDataTooBig, UnsupportedCharset or MultiPartParserError.
    """
    fields = QueryDict(mutable=True, encoding=encoding)
    files: MultiValueDict[str, InMemoryUploadedFile] = MultiValueDict()
    n_files, text_bytes = 0, 0
    for head, part in _parts(stream, boundary, encoding):
        if head.is_file:
            file = _file_of(head, part)
            # A browser sends an empty part without a name for a file input that was left empty.
            if file is None:
                fields.appendlist(head.name, "")
                continue
            n_files += 1
            if n_files > (settings.DATA_UPLOAD_MAX_NUMBER_FILES or 0):
                raise TooManyFilesSent
            files.appendlist(head.name, file)
        else:
            text_bytes += len(head.name) + 2
            data = _read_content(part, max_bytes=_text_limit() - text_bytes).getvalue()
            text_bytes += len(data)
            fields.appendlist(head.name, _text_of(head, data))
    exhaust(stream)
    fields._mutable = False
    return fields, files


def _text_limit() -> int:
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0


def _parts(stream: Any, boundary: bytes, encoding: str) -> Iterator[tuple[PartHead, LazyStream]]:
    """Yield each part that has a name with its content, and read every part to its end."""
    # Two more: what stands before the first boundary and after the last.
    n_left = (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0) + 2
    for part in InterBoundaryIter(LazyStream(ChunkIter(stream, STEP_BYTES)), b"--" + boundary):
        n_left -= 1
        if n_left < 0:
            raise TooManyFieldsSent
        head = _read_head(part, encoding)
        if head is not None:
            yield head, part
        exhaust(part)


def _read_head(part: LazyStream, encoding: str) -> PartHead | None:
    """Return the headers of a part and leave its content to be read; None for a part without headers or name."""
    start = part.read(MOST_HEADER_BYTES)
    end = start.find(b"\r\n\r\n")
    if end < 0:
        if len(start) == MOST_HEADER_BYTES:
            raise MultiPartParserError("The headers of a part are too long.")
        return None
    part.unget(start[end + 4 :])
    headers = {}
    for line in _FOLD.sub(b" ", start[:end]).split(b"\r\n"):
        if line.count(b";") > MOST_PARAMETERS:
            raise MultiPartParserError("A header of a part has too many parameters.")
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = _decoded(value.strip())
    return _head_of(headers, encoding)


def _head_of(headers: dict[bytes, str], encoding: str) -> PartHead | None:
    disposition, content_type = headers.get(b"content-disposition", ""), headers.get(b"content-type", "")
    parameters = dict(_plain_parameters(disposition))
    name = parameters.get("name") or _name_beside_quotes(disposition)
    if not name:
        return None
    head = PartHead(
        name=name.strip(),
        file_name=parameters["filename"] if parameters.get("filename") else None,
        content_type=content_type.partition(";")[0].strip().lower(),
        charset=encoding,
        is_base64=headers.get(b"content-transfer-encoding", "").lower() == "base64",
    )
    charset = next((value for key, value in _plain_parameters(content_type) if key == "charset"), "")
    if not (head.is_file and charset.lower() == BINARY):
        check_header(content_type)
    return head if head.is_file else replace(head, charset=charset or encoding)


def _plain_parameters(header: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters, extended values (RFC 2231) decoded; a file name in another charset is unreadable."""
    for name, value in parameters_of(header):
        if not isinstance(value, tuple):
            yield name.lower(), value
        elif is_accepted(value[0] or ""):
            yield name.lower(), value[2].encode("latin-1", "replace").decode(value[0] or "utf-8", "replace")
        elif name.lower() == "filename":
            yield "filename", NAMELESS
        else:
            raise UnsupportedCharset


def _name_beside_quotes(disposition: str) -> str:
    """Return the field's name where quotes inside a file name hide it."""
    found = _QUOTED_NAME.search(disposition)
    return found[1] if found else ""


def _decoded(value: bytes) -> str:
    """Return a header as text: UTF-8 as browsers write it, else Latin-1 as old clients do."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _read_content(part: LazyStream, *, max_bytes: float) -> BytesIO:
    """Return the part's bytes, read in steps; raise RequestDataTooBig above `max_bytes`."""
    content = BytesIO()
    for piece in part:
        content.write(piece)
        if content.tell() > max_bytes:
            raise RequestDataTooBig
    return content


def _text_of(head: PartHead, data: bytes) -> str:
    with one_at_a_time(len(data)):
        if head.is_base64:
            data = _from_base64(
                data[start : start + STEP_BYTES] for start in range(0, len(data), STEP_BYTES)
            ).getvalue()
        if len(data) > LONG_TEXT_BYTES and not data.isascii():
            raise MultiPartParserError("A long text field must be base64 text, or be sent as a file part.")
        return data.decode(head.charset, "replace")


def _file_of(head: PartHead, part: LazyStream) -> InMemoryUploadedFile | None:
    """Return the file, or None for an empty part without a file name."""
    content = _from_base64(part) if head.is_base64 else _read_content(part, max_bytes=math.inf)
    size = content.seek(0, 2)
    content.seek(0)
    if not size and head.file_name is None:
        return None
    name = _kept_name(head.file_name or "")
    return InMemoryUploadedFile(content, head.name, name, head.content_type, size, head.charset)


def _kept_name(file_name: str) -> str:
    """Return the file's name without folders and control characters."""
    return MultiPartParser.sanitize_file_name(None, file_name) or NAMELESS  # type: ignore[arg-type]  # uses no self


def _from_base64(pieces: Iterable[bytes]) -> BytesIO:
    try:
        return decode_pieces((piece.translate(None, WHITE_SPACE) for piece in pieces), max_bytes=math.inf)
    except ValueError:
        raise MultiPartParserError("Could not decode base64 data.") from None
