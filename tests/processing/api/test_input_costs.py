"""What parsing makes of each wire byte: memory in proportion to the body, or a refusal, for every parser we have.

Each row is the dearest body that is known for its parser. Small on the wire and large in memory was the attack of
before: `[],` makes 70 bytes of memory of 3, `%41` 230.
"""

import io
import json
import tracemalloc

import pytest
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.test import RequestFactory
from rest_framework.exceptions import ParseError

from processing.api.json_body import JsonParser
from processing.api.multipart_body import read_multipart
from processing.api.pictures import decode_base64
from processing.api.urlencoded_body import UrlencodedParser
from processing.api.v1_0_refusals import Refusal
from processing.matting.errors import MattingError
from removebg.urlencoded_forms import UrlencodedFormsMiddleware

REFUSALS = (
    *(Refusal, ParseError, BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, MultiPartParserError),
    MattingError,
)
N_BYTES = 1_000_000
MOST_PER_BYTE = 8
CONSTANT_BYTES = 13_000_000
"""What small bodies may cost whatever they hold: 1,000 values or fields, 50,000 percent signs."""

CONTEXT = {"encoding": "utf-8"}


def repeated(piece, *, before=b"", after=b""):
    """Return a body of `n` bytes at most."""
    return lambda n: before + piece * ((n - len(before) - len(after)) // len(piece)) + after


def part(headers, content=b""):
    return b"--x\r\n" + headers + b"\r\n\r\n" + content + b"\r\n"


def read_json(body):
    return JsonParser().parse(io.BytesIO(body), parser_context=CONTEXT)


def read_urlencoded(body):
    return UrlencodedParser().parse(io.BytesIO(body), parser_context=CONTEXT)


def read_parts(body):
    return read_multipart(io.BytesIO(body), b"x", "utf-8")


def read_page_form(body):
    """Read the form as a page does, behind the middleware."""
    request = RequestFactory().generic("POST", "/language/", body, content_type="application/x-www-form-urlencoded")
    made = []
    UrlencodedFormsMiddleware(lambda request: (made.append(request.POST), HttpResponse())[1])(request)
    return made


FIELD = b'Content-Disposition: form-data; name="a"'
FILE = b'Content-Disposition: form-data; name="a"; filename="b"'
EMOJI = "\N{GRINNING FACE}"
DEAREST = {
    "json, empty lists": (read_json, repeated(b"[],", before=b'{"image_file_b64":"x","a":[', after=b"[]]}")),
    "json, numbers": (read_json, repeated(b"1,", before=b"[", after=b"1]")),
    "json, empty texts": (read_json, repeated(b'"",', before=b"[", after=b'""]')),
    "json, texts without separators": (read_json, repeated(b'""')),
    "json, fields": (read_json, lambda n: json.dumps({str(i): i for i in range(n // 16)}).encode()),
    "json, nested": (read_json, repeated(b"[")),
    "json, nested objects": (read_json, repeated(b'{"":')),
    "json, a long text": (read_json, repeated(b"A", before=b'{"image_file_b64":"', after=b'"}')),
    "json, a long text with one wide character": (
        read_json,
        lambda n: b'{"image_file_b64":"' + b"A" * n + EMOJI.encode() + b'"}',
    ),
    "json, a long text of escapes": (read_json, repeated(b"\\u0041", before=b'{"image_file_b64":"', after=b'"}')),
    "json, white space": (read_json, repeated(b" ", before=b"{", after=b"}")),
    "json, one number": (read_json, repeated(b"1")),
    "urlencoded, percent signs in a long field": (read_urlencoded, repeated(b"%41", before=b"image_file_b64=")),
    "urlencoded, base64 escapes": (read_urlencoded, repeated(b"%2B%2f%3D", before=b"image_file_b64=")),
    "urlencoded, percent signs in short fields": (read_urlencoded, repeated(b"a=" + b"%41" * 20_000 + b"&")),
    "urlencoded, fields": (read_urlencoded, repeated(b"a=b&")),
    "urlencoded, separators": (read_urlencoded, repeated(b"&")),
    "urlencoded, a long name": (read_urlencoded, repeated(b"%41", after=b"=b")),
    "urlencoded, one wide character": (read_urlencoded, lambda n: b"a=" + b"A" * n + EMOJI.encode()),
    "urlencoded, one wide character, escaped": (read_urlencoded, lambda n: b"a=%F0%9F%98%80" + b"A" * n),
    "multipart, empty fields": (read_parts, repeated(part(FIELD))),
    "multipart, empty files": (read_parts, repeated(part(FILE))),
    "multipart, parts without a name": (read_parts, repeated(part(b"A: b"))),
    "multipart, boundaries": (read_parts, repeated(b"--x\r\n")),
    "multipart, headers": (read_parts, repeated(part(b"A: b\r\n" * 1300))),
    "multipart, parameters": (read_parts, repeated(part(FIELD + b';"' * 30))),
    "multipart, a long header": (read_parts, repeated(b"a", before=b"--x\r\n")),
    "multipart, a long text": (read_parts, lambda n: part(FIELD, b"A" * n) + b"--x--"),
    "multipart, a long text with one wide character": (
        read_parts,
        lambda n: part(FIELD, b"A" * n + EMOJI.encode()) + b"--x--",
    ),
    "multipart, a file in base64": (
        read_parts,
        lambda n: part(FILE + b"\r\nContent-Transfer-Encoding: base64", b"AAAA \n" * (n // 6)) + b"--x--",
    ),
    "multipart, after the end": (read_parts, lambda n: part(FIELD) + b"--x--" + b"a" * n),
    "a page's form, percent signs": (read_page_form, repeated(b"%41", before=b"a=")),
    "a page's form, fields": (read_page_form, repeated(b"a&")),
    "base64, white space": (lambda body: decode_base64(body.decode(), max_bytes=N_BYTES * 4), repeated(b"A \n")),
}


def peak_of(read, body):
    """Return the most bytes that were held while the body was read, without the body itself."""
    tracemalloc.start()
    try:
        read(body)
    except REFUSALS:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@pytest.mark.parametrize("name", DEAREST)
def test_memory_is_in_proportion_to_the_body(name):
    read, make = DEAREST[name]

    for n_bytes in (N_BYTES, 4 * N_BYTES):
        body = make(n_bytes)
        assert peak_of(read, body) <= MOST_PER_BYTE * len(body) + CONSTANT_BYTES


def test_a_long_text_is_held_twice_at_most():
    """The text in the document, and the text that is cut out of it; the body is gone by then."""
    body = json.dumps({"image_file_b64": "A" * 8 * N_BYTES}).encode()

    assert peak_of(read_json, body) < 2.3 * len(body)
    assert peak_of(read_urlencoded, b"image_file_b64=" + b"A" * 8 * N_BYTES) < 2.3 * len(body)


def test_clean_base64_is_decoded_without_a_copy_of_the_text():
    text = "QUJD" * N_BYTES

    assert peak_of(lambda body: decode_base64(body, max_bytes=len(text)), text) < 1.1 * len(text)
