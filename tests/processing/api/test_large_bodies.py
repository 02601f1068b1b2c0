"""Large bodies keep other threads waiting for no more than one step, and are parsed one at a time."""

import base64
import binascii
import io
import re
import urllib.parse

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from processing.api import base64_text, large_bodies, urlencoded_body
from processing.api.base64_text import decode_pieces, split_digits
from processing.api.json_structure import StructureCounter, TooCostly
from processing.api.large_bodies import STEP_BYTES
from processing.api.multipart_body import read_multipart
from processing.api.pictures import decode_base64
from processing.api.urlencoded_body import UrlencodedParser
from processing.matting.errors import UnreadableImage
from processing.slots import ServerBusy

PICTURE = bytes(range(256)) * 8_000
ENCODED = base64.b64encode(PICTURE)
LINES = base64.encodebytes(PICTURE)
PART = b'--x\r\nContent-Disposition: form-data; name="a"%s\r\n\r\n%s\r\n--x--\r\n'
IN_BASE64 = b"\r\nContent-Transfer-Encoding: base64"


def read_urlencoded(text):
    return UrlencodedParser().parse(io.BytesIO(b"a=" + text), parser_context={})["a"]


def read_parts(headers, content):
    return read_multipart(io.BytesIO(PART % (headers, content)), b"x", "utf-8")


READERS = {
    "urlencoded": lambda: read_urlencoded(urllib.parse.quote_from_bytes(LINES).encode()),
    "base64 text": lambda: decode_base64(LINES.decode(), max_bytes=len(PICTURE)),
    "base64 text with plus signs": lambda: decode_base64(
        ENCODED.decode(), max_bytes=len(PICTURE), blanks_are_plus_signs=False
    ),
    "text part in base64": lambda: read_parts(IN_BASE64, base64.encodebytes(ENCODED)),
    "file part in base64": lambda: read_parts(b'; filename="a"' + IN_BASE64, LINES),
}


@pytest.mark.parametrize("name", READERS)
def test_no_call_of_a_codec_gets_more_than_a_step(monkeypatch, name):
    sizes = []

    def measured(codec):
        return lambda data, *args, **kwargs: (sizes.append(len(data)), codec(data, *args, **kwargs))[1]

    monkeypatch.setattr(base64_text.binascii, "a2b_base64", measured(binascii.a2b_base64))
    monkeypatch.setattr(urlencoded_body, "unquote_to_bytes", measured(urllib.parse.unquote_to_bytes))
    READERS[name]()

    assert sum(sizes) > len(ENCODED) * 0.9
    assert max(sizes) <= STEP_BYTES + 8


@pytest.mark.parametrize("name", [name for name in READERS if name != "file part in base64"])
def test_large_ones_wait_for_each_other_and_then_say_busy(monkeypatch, name):
    monkeypatch.setattr(large_bodies, "LARGE_WAIT_S", 0.05)
    with large_bodies._large_body:
        with pytest.raises(ServerBusy):
            READERS[name]()
        assert read_urlencoded(b"b") == "b"

    READERS[name]()


def test_a_file_part_that_still_arrives_keeps_no_other_body_waiting():
    with large_bodies._large_body:
        _fields, files = READERS["file part in base64"]()

    assert files["a"].read() == PICTURE


def test_a_long_run_of_blanks_is_refused_at_once():
    with pytest.raises(UnreadableImage):
        decode_base64("A" + " " * 5_000_000 + "A", max_bytes=10_000_000)


@given(st.text("AB+/= \t\r\n\f", max_size=80), st.integers(8, 20), st.booleans())
@example("A \n B", 8, True)
@example("A   \tB", 8, True)
def test_white_space_is_read_alike_in_whatever_pieces(text, step, blanks_are_plus_signs):
    text = text.strip()
    expected = text
    if blanks_are_plus_signs:
        expected = re.sub(r"[ \t]*[\r\n][ \t\r\n]*", "", text).replace(" ", "+")
    expected = re.sub(r"\s", "", expected)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base64_text, "STEP_BYTES", step)
        try:
            pieces = b"".join(split_digits(text, blanks_are_plus_signs=blanks_are_plus_signs))
        except ValueError:
            assert re.search(rf"\s{{{step}}}", text)
            return

    assert pieces.decode() == expected


@given(st.binary(max_size=60), st.integers(0, 4), st.integers(1, 9))
def test_pieces_of_any_size_give_the_bytes(data, n_padding, step):
    text = base64.b64encode(data).rstrip(b"=") + b"=" * n_padding
    pieces = [text[start : start + step] for start in range(0, len(text), step)]

    assert decode_pieces(pieces, max_bytes=len(data)).getvalue() == data


@pytest.mark.parametrize("piece_bytes", [1, 4, 100])
def test_padding_before_the_end_is_not_base64(piece_bytes):
    text = b"QQ==" + b"QUJD" * 4
    with pytest.raises(ValueError, match=r"(?i)padding"):
        decode_pieces([text[start : start + piece_bytes] for start in range(0, len(text), piece_bytes)], max_bytes=100)


def test_json_and_forms_with_many_escapes_are_refused(monkeypatch):
    monkeypatch.setattr(large_bodies, "MOST_ESCAPES", 10)
    counter = StructureCounter()
    counter.feed(b'{"a":"' + b"\\/" * 10)
    with pytest.raises(TooCostly, match="escapes"):
        counter.feed(b"\\/")
    StructureCounter().feed(b'{"a":"' + (b"A" * 15 + b"\\/") * 1000)
    with pytest.raises(urlencoded_body.RequestDataTooBig):
        read_urlencoded(b"A%41" * 40_000)
