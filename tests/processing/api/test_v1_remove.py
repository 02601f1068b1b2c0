"""POST /v1/remove: the happy path on the real weights, then every row of its fields."""

import numpy as np
import pytest

from processing.api.v1_form import SIZES
from processing.models import RemovalRecord
from tests.photos import photo_bytes
from tests.processing.api.conftest import opened, picture_bytes, upload

HEADERS = (
    "X-Request-ID",
    "X-Processing-Time-Ms",
    "X-Image-Width",
    "X-Image-Height",
    "X-Credits-Charged",
    "X-Credits-Remaining",
    "X-Matte-Confidence",
    "X-Matte-Ambiguous-Ratio",
    "X-Model",
    "X-Quality",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
)


def test_a_photo_becomes_its_cutout_for_one_credit(alice, alice_credits):
    response = alice.post("/v1/remove", {"image_file": upload("grace.jpg", photo_bytes("grace_hopper"))})

    cutout = opened(response)
    assert (response["Content-Type"], cutout.format, cutout.mode) == ("image/png", "PNG", "RGBA")
    assert cutout.size == (512, 600)
    alpha = np.asarray(cutout)[..., 3]
    assert alpha[300, 256] == 255, "the middle of the portrait is kept"
    assert alpha[5, 5] == 0, "the corner is background"
    assert alice_credits() == 9


def test_every_documented_header_is_there_and_reads_as_its_type(alice, disc, picture):
    response = alice.post("/v1/remove", {"image_file": picture()})

    assert [name for name in HEADERS if name not in response] == []
    assert response["X-Request-ID"].startswith("req_")
    assert int(response["X-Processing-Time-Ms"]) >= 0
    assert (int(response["X-Image-Width"]), int(response["X-Image-Height"])) == (40, 30)
    assert (response["X-Credits-Charged"], response["X-Credits-Remaining"]) == ("1", "9")
    assert 0 <= float(response["X-Matte-Confidence"]) <= 1
    assert 0 <= float(response["X-Matte-Ambiguous-Ratio"]) <= 1


@pytest.mark.parametrize(
    ("fields", "content_type", "image_format", "mode"),
    [
        ({}, "image/png", "PNG", "RGBA"),
        ({"format": "png"}, "image/png", "PNG", "RGBA"),
        ({"format": "jpg"}, "image/jpeg", "JPEG", "RGB"),
        ({"format": "webp"}, "image/webp", "WEBP", "RGBA"),
        ({"format": "png", "channels": "rgba"}, "image/png", "PNG", "RGBA"),
        ({"format": "png", "channels": "rgb"}, "image/png", "PNG", "RGB"),
        ({"format": "webp", "channels": "rgb"}, "image/webp", "WEBP", "RGB"),
        ({"format": "jpg", "channels": "rgba"}, "image/jpeg", "JPEG", "RGB"),
        ({"format": "", "channels": "", "size": "", "crop": "", "bg_color": ""}, "image/png", "PNG", "RGBA"),
        ({"compression": "9", "type": "person"}, "image/png", "PNG", "RGBA"),
    ],
)
def test_format_and_channels_decide_what_is_delivered(alice, disc, picture, fields, content_type, image_format, mode):
    response = alice.post("/v1/remove", {"image_file": picture(), **fields})

    result = opened(response)
    assert (response["Content-Type"], result.format, result.mode) == (content_type, image_format, mode)


@pytest.mark.parametrize(
    ("text", "colour"),
    [
        ("", (255, 255, 255)),
        ("#fff", (255, 255, 255)),
        ("#0f0", (0, 255, 0)),
        ("#1a2B3c", (26, 43, 60)),
        ("1a2b3c", (26, 43, 60)),
        ("rgb(255, 128, 0)", (255, 128, 0)),
        ("tomato", (255, 99, 71)),
        ("RebeccaPurple", (102, 51, 153)),
    ],
)
def test_opaque_output_stands_on_the_background_colour(alice, disc, picture, text, colour):
    response = alice.post("/v1/remove", {"image_file": picture(), "channels": "rgb", "bg_color": text})

    assert opened(response).getpixel((0, 0)) == colour


def test_jpg_stands_on_the_background_colour(alice, disc, picture):
    response = alice.post("/v1/remove", {"image_file": picture(), "format": "jpg", "bg_color": "#ff0000"})

    assert opened(response).getpixel((0, 0)) == pytest.approx((254, 0, 0), abs=3)


def test_the_background_colour_is_ignored_for_transparent_output(alice, disc, picture):
    response = alice.post("/v1/remove", {"image_file": picture(), "bg_color": "red"})

    assert opened(response).getpixel((0, 0)) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("size", "longest"), [("full", 3000), ("preview", 256), ("small", 512), ("medium", 1024), ("large", 2048)]
)
def test_size_limits_the_longest_side(alice, disc, size, longest):
    response = alice.post(
        "/v1/remove", {"image_file": upload("p.jpg", picture_bytes(1000, 3000, "JPEG")), "size": size}
    )

    result = opened(response)
    assert result.size == (round(longest / 3), longest)
    assert (int(response["X-Image-Width"]), int(response["X-Image-Height"])) == result.size


@pytest.mark.parametrize("size", list(SIZES))
def test_size_never_enlarges(alice, disc, picture, size):
    assert opened(alice.post("/v1/remove", {"image_file": picture(), "size": size})).size == (40, 30)


@pytest.mark.parametrize(
    ("crop", "expected"), [("true", (300, 200)), ("false", (600, 400)), ("1", (300, 200)), ("True", (300, 200))]
)
def test_crop_cuts_to_the_subject(alice, disc, crop, expected):
    file = upload("p.png", picture_bytes(600, 400))

    assert opened(alice.post("/v1/remove", {"image_file": file, "crop": crop})).size == pytest.approx(expected, abs=4)


def test_size_is_applied_after_crop(alice, disc):
    file = upload("p.png", picture_bytes(3000, 2000))

    result = opened(alice.post("/v1/remove", {"image_file": file, "crop": "true", "size": "medium"}))

    assert result.size == pytest.approx((1024, 683), abs=3)


def test_a_photo_without_a_subject_is_delivered_empty_and_charged(alice, alice_credits):
    response = alice.post("/v1/remove", {"image_file": upload("flat.png", picture_bytes(200, 150)), "crop": "true"})

    result = opened(response)
    assert result.size == (200, 150), "an empty matte is not cropped"
    assert np.asarray(result)[..., 3].max() == 0
    assert float(response["X-Matte-Confidence"]) == 0
    assert alice_credits() == 9


def test_file_is_another_name_for_image_file(alice, disc, picture):
    assert opened(alice.post("/v1/remove", {"file": picture()})).size == (40, 30)


def test_image_file_wins_over_file(alice, disc, picture):
    fields = {"file": upload("other.png", picture_bytes(10, 10)), "image_file": picture()}

    assert opened(alice.post("/v1/remove", fields)).size == (40, 30)


def test_the_name_and_the_type_of_the_part_do_not_matter(alice, disc):
    file = upload("notes.txt", picture_bytes(image_format="WEBP"))

    assert opened(alice.post("/v1/remove", {"image_file": file})).size == (40, 30)


def test_accept_is_no_reason_to_refuse(alice, disc, picture):
    assert opened(alice.post("/v1/remove", {"image_file": picture()}, accept="image/png")).size == (40, 30)


def test_a_bearer_token_is_a_key_too(shop, stranger, disc, picture):
    from tests.factories import make_key

    secret = make_key(shop).secret

    assert stranger.post("/v1/remove", {"image_file": picture()}, authorization=f"Bearer {secret}").status_code == 200


def test_a_delivered_image_is_recorded_without_its_pixels(alice, disc, picture, shop):
    response = alice.post("/v1/remove", {"image_file": picture()})

    record = RemovalRecord.objects.get()
    assert (record.organization, record.request_id) == (shop, response["X-Request-ID"])
    assert (record.status, record.code, record.credits_charged) == (200, "", 1)
    assert (record.input_width, record.input_height, record.output_bytes) == (40, 30, len(response.content))
    assert set(record.timings_ms) == {"decode", "predict", "refine", "foreground", "composite", "encode"}


def test_json_is_told_to_be_no_form(alice):
    response = alice.send("/v1/remove", '{"image_url": "http://example.com/a.png"}', "application/json")

    assert (response.status_code, response.json()["code"]) == (400, "missing_image")
    assert "The body is no form" in response.json()["message"]
