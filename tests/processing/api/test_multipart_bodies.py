"""Multipart bodies as clients really write them: the picture counts, whatever its name and its media type say."""

import base64
import io
import json
import re

import numpy as np
import pytest
from django.http import QueryDict
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from processing.api.multipart_body import MOST_HEADER_BYTES, read_multipart
from processing.api.urlencoded_body import UrlencodedParser
from tests.factories import make_member
from tests.processing.api.conftest import opened, picture_bytes

PICTURE = picture_bytes()
MULTIPART = "multipart/form-data; boundary=x"
BOTH = pytest.mark.parametrize("path", ["/v1/remove", "/v1.0/removebg"])


def body_of(*parts):
    """Return a body of (headers, content) pairs."""
    return b"".join(b"--x\r\n%s\r\n\r\n%s\r\n" % part for part in parts) + b"--x--\r\n"


def named(file_name, *, field=b"image_file"):
    return b'Content-Disposition: form-data; name="%s"; %s\r\nContent-Type: image/png' % (field, file_name)


def read(*parts):
    return read_multipart(io.BytesIO(body_of(*parts)), b"x", "utf-8")


NAMES = {
    b'filename="f\xf6to.jpg"': "f\xf6to.jpg",
    b'filename="\x8e\xca\x90^.jpg"': None,
    b'filename="\xff\xfe\x00a"': None,
    'filename="фото.png"'.encode(): "фото.png",
    'filename="фото.png"'.encode("koi8-r"): None,
    b'filename="a"b.png"': 'a"b.png',
    b'filename="my \\"best\\" photo.png"': 'my "best" photo.png',
    b'filename="my "best" photo.png"': 'my "best" photo.png',
    b'filename="a;b.png"': "a;b.png",
    b'filename="a\';b.png"': "a';b.png",
    b"filename=photo.png": "photo.png",
    b"filename=f\xf6to.png": "f\xf6to.png",
    b"filename*=UTF-8''f%C3%B6to.png": "f\xf6to.png",
    b"filename*=iso-8859-1'de'f%F6to.png": "f\xf6to.png",
    b"filename*=punycode''fto.png": "upload",
    b"filename*=no-such''fto.png": "upload",
    b'filename="C:\\photos\\a.png"': "a.png",
    b'filename="../../etc/passwd"': "passwd",
    b'filename=".."': "upload",
    b'filename="/"': "upload",
    b'filename="\r\nX: \t"': None,
    b'filename="' + b"n" * 2000 + b'.png"': None,
    b'FileName="a.png"': "a.png",
}
"""How a file is named, and what it is called; None: anything."""


@pytest.mark.parametrize("file_name", NAMES)
def test_the_picture_counts_whatever_its_name(file_name):
    _fields, files = read((named(file_name), PICTURE))

    assert files["image_file"].read() == PICTURE
    assert NAMES[file_name] in (None, files["image_file"].name)


def test_a_name_beside_a_quote_in_the_file_name_is_found():
    head = b'Content-Disposition: form-data; filename="a"b.png"; name="image_file"'
    _fields, files = read((head, PICTURE))

    assert files["image_file"].read() == PICTURE


@BOTH
@pytest.mark.parametrize(
    "headers",
    [
        named(b'filename="f\xf6to.jpg"'),
        named(b'filename=".."'),
        named(b'filename="my "best" photo.png"'),
        b'Content-Disposition: form-data; name="image_file"\r\nContent-Type: image/png',
        b'Content-Disposition: form-data; name="image_file"\r\nContent-Type: application/octet-stream',
        b'Content-Disposition: form-data; name="image_file"; filename=""\r\nContent-Type: IMAGE/PNG',
        b'CONTENT-DISPOSITION: Form-Data; name="image_file"; filename="a.png"',
        b'Content-Disposition: form-data;\r\n name="image_file";\r\n\tfilename="a.png"\r\nContent-Type: image/png',
        named(b'filename="a.png"') + b"; charset=binary",
    ],
)
def test_both_dialects_take_it(alice, disc, path, headers):
    assert opened(alice.send(path, body_of((headers, PICTURE)), MULTIPART)).size == (40, 30)


@BOTH
def test_text_in_the_file_field_is_still_no_picture(alice, path):
    for headers in (b"", b"\r\nContent-Type: text/plain"):
        part = (b'Content-Disposition: form-data; name="image_file"' + headers, b"photo.jpg")
        refused = alice.send(path, body_of(part), MULTIPART)
        assert refused.status_code == 400
        assert re.search("missing_(image|source)", refused.content.decode())


@BOTH
def test_a_file_input_that_was_left_empty_is_nothing(alice, path):
    part = (
        b'Content-Disposition: form-data; name="image_file"; filename=""\r\nContent-Type: application/octet-stream',
    )
    refused = alice.send(path, body_of((*part, b"")), MULTIPART)

    assert re.search("missing_(image|source)", refused.content.decode())


def test_a_background_without_a_file_name_is_put_behind(alice, disc):
    background = b'Content-Disposition: form-data; name="bg_image_file"\r\nContent-Type: image/png'
    answer = alice.send("/v1.0/removebg", body_of((named(b'filename="a"'), PICTURE), (background, PICTURE)), MULTIPART)

    assert opened(answer).mode == "RGB"


@BOTH
@pytest.mark.parametrize("content_type", ["Multipart/Form-Data; boundary=x", "MULTIPART/FORM-DATA; Boundary=x"])
def test_media_types_are_read_in_any_case(alice, disc, path, content_type):
    body = body_of((named(b'filename="a.png"'), PICTURE))

    assert opened(alice.send(path, body, content_type)).size == (40, 30)


@pytest.mark.parametrize("content_type", ["Application/JSON", "APPLICATION/json; Charset=UTF-8"])
def test_json_too(alice, disc, content_type):
    body = json.dumps({"image_file_b64": base64.b64encode(PICTURE).decode()})

    assert opened(alice.send("/v1.0/removebg", body, content_type)).size == (40, 30)


@BOTH
def test_urlencoded_too(alice, path):
    refused = alice.send(path, "image_url=nowhere", "Application/X-WWW-Form-Urlencoded")

    assert "image_url" in refused.content.decode()


@pytest.mark.parametrize("file_name", [b'filename="f\xf6to.png"', b'filename="a"b.png"'])
def test_the_form_without_a_script_takes_it_and_names_the_result(disc, shop, file_name):
    client = Client()
    client.force_login(make_member(shop))
    body = body_of((named(file_name), PICTURE))
    answer = client.generic("POST", "/try/download", body, content_type=MULTIPART, HTTP_ORIGIN="http://testserver")

    assert answer.status_code == 200, answer.content[:300]
    assert "attachment" in answer["Content-Disposition"]


def test_a_long_head_is_refused_in_words(alice):
    part = (named(b'filename="' + b"n" * MOST_HEADER_BYTES + b'"'), PICTURE)

    assert alice.send("/v1/remove", body_of(part), MULTIPART).json()["code"] == "validation_error"


@BOTH
def test_too_many_parts_are_refused_also_without_names(alice, path):
    assert alice.send(path, body_of(*[(b"A: b", b"")] * 1100), MULTIPART).status_code == 400


@given(st.lists(st.tuples(st.binary(max_size=60), st.binary(max_size=200)), max_size=4))
def test_files_arrive_as_they_were_sent_beside_any_parts(others):
    others = [(headers.replace(b"--x", b""), content.replace(b"--x", b"")) for headers, content in others]
    body = body_of((named(b'filename="a.png"', field=b"photo"), PICTURE), *others)
    _fields, files = read_multipart(io.BytesIO(body), b"x", "utf-8")

    assert files.getlist("photo")[0].read() == PICTURE


# --- White space in base64, and around words -------------------------------------------------------------------

ENCODED = base64.b64encode(PICTURE).decode()
LINES = "\r\n".join(ENCODED[start : start + 60] for start in range(0, len(ENCODED), 60))
SPACED = [
    LINES,
    LINES.replace("\r\n", " "),
    LINES.replace("\r\n", "\n    "),
    LINES.replace("\r\n", "\t"),
    f"\n  {LINES}\n\n",
    f"data:image/png;base64,\n{LINES}",
    LINES.replace("\r\n", "\f\v"),
]


@BOTH
@pytest.mark.parametrize("text", SPACED)
def test_white_space_in_base64_is_skipped(alice, disc, path, text):
    assert opened(alice.post(path, {"image_file_b64": text})).size == (40, 30)


@BOTH
@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_base64_for_addresses_is_read(alice, disc, path, prefix):
    pixels = np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8)
    noisy = io.BytesIO()
    Image.fromarray(pixels).save(noisy, "PNG")
    text = base64.urlsafe_b64encode(noisy.getvalue()).decode()

    assert "-" in text and "_" in text
    assert opened(alice.post(path, {"image_file_b64": prefix + text.rstrip("=")})).size == (40, 30)


@pytest.mark.parametrize("text", SPACED)
def test_white_space_in_base64_in_json_is_skipped(alice, disc, text):
    assert opened(alice.send("/v1.0/removebg", {"image_file_b64": text}, "application/json")).size == (40, 30)


WORDS = {
    "/v1/remove": {
        "format": (" PNG ", "png\r", "\tauto\n"),
        "size": (" full", "auto\r", "50mp "),
        "channels": (" RGBA ", "alpha\r\n"),
        "crop": (" true ", "1\r", " 1:1 "),
        "fit": (" cover ",),
        "quality": ("fast\r",),
        "model": (" isnet-general-use ",),
        "bg_color": (" #fff ", "white\r"),
        "width": (" 20 ",),
        "padding": (" 10% ",),
    },
    "/v1.0/removebg": {
        "format": (" PNG ", "auto\r"),
        "size": (" full", "auto\r", "\tpreview\n"),
        "channels": (" RGBA ", "alpha\r\n"),
        "crop": (" true ", "1\r"),
        "add_shadow": (" true ", "false\r"),
        "semitransparency": (" true ", "0\r"),
        "type": (" car ", "person\r"),
        "type_level": (" none ",),
        "shadow_type": (" drop ", "3D\r"),
        "shadow_opacity": (" 40 ", "auto\r"),
        "scale": (" original ", "50%\r"),
        "position": (" center ", "10% 20%\r"),
        "roi": (" 0% 0% 100% 100%\r",),
        "bg_color": (" 81d4fa ", "green\r"),
    },
}
CASES = [(path, name, word) for path, fields in WORDS.items() for name, words in fields.items() for word in words]


@pytest.mark.parametrize(("path", "name", "word"), CASES)
def test_white_space_around_a_word_is_skipped(alice, disc, picture, path, name, word):
    spaced, plain = (alice.post(path, {"image_file": picture(), name: text}) for text in (word, word.strip()))

    assert (spaced.status_code, spaced.content) == (plain.status_code, plain.content)
    assert spaced.status_code == 200
    assert spaced.get("X-Type") == plain.get("X-Type")


@pytest.mark.parametrize("bad", [b"not a picture", PICTURE[:60]])
def test_the_refusal_of_a_background_names_it_in_title_and_detail(alice, disc, picture, bad):
    background = io.BytesIO(bad)
    background.name = "bg.png"
    refused = alice.post("/v1.0/removebg", {"image_file": picture(), "bg_image_file": background})

    (error,) = refused.json()["errors"]
    assert error["title"].startswith("Background image: ")
    assert error["detail"].startswith("Background image: ")


@pytest.mark.parametrize("escape", ["%2B", "%2b", "%2F", "%3D", "%0D%0A", "%20", "+"])
@pytest.mark.parametrize("shift", range(4))
def test_a_long_urlencoded_field_is_read_as_the_standard_library_does(escape, shift):
    body = ("a=" + "A" * shift + ("AAAA" + escape) * 100_000 + "&b=%C3%BC").encode()
    parsed = UrlencodedParser().parse(io.BytesIO(body), parser_context={})

    assert parsed == QueryDict(body)
