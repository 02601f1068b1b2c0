"""Pictures as base64 text, in the shapes that clients really send."""

import base64

import pytest

from processing.api.pictures import decode_base64
from processing.matting.errors import FileTooLarge, UnreadableImage
from tests.processing.api.conftest import picture_bytes

PICTURE = picture_bytes()
ENCODED = base64.b64encode(PICTURE).decode()


@pytest.mark.parametrize(
    "text",
    [
        ENCODED,
        ENCODED.rstrip("="),
        f"data:image/png;base64,{ENCODED}",
        f"DATA:;base64,{ENCODED}",
        base64.encodebytes(PICTURE).decode(),
        base64.encodebytes(PICTURE).decode().replace("\n", "\r\n"),
        ENCODED.replace("+", " "),
    ],
)
def test_every_shape_gives_the_same_bytes(text):
    assert decode_base64(text, max_bytes=10_000) == PICTURE


@pytest.mark.parametrize("text", ["not base64!", "ä", "a", "data:image/png;base64,***", "\ud800"])
def test_what_is_no_base64_is_unreadable(text):
    with pytest.raises(UnreadableImage):
        decode_base64(text, max_bytes=10_000)


def test_too_large_a_text_is_refused_before_it_is_decoded():
    assert decode_base64(base64.b64encode(bytes(300)).decode(), max_bytes=300) == bytes(300)
    with pytest.raises(FileTooLarge):
        decode_base64("*" * 405, max_bytes=300)


def test_base64_in_a_form_is_not_held_to_the_size_of_other_fields(alice, disc, settings):
    settings.MAX_FORM_BYTES = 40
    fields = {"image_file_b64": ENCODED, "size": "full"}

    assert alice.post("/v1/remove", fields).status_code == 200
    assert alice.post("/v1.0/removebg", fields).status_code == 200
    assert alice.post("/v1/remove", {**fields, "note": "x" * 40}).status_code == 400
    assert alice.post("/v1.0/removebg", {**fields, "note": "x" * 40}).status_code == 400
