"""POST /v1.0/removebg: the happy path on the real weights; every row of its fields is in tests/conformance."""

import base64
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.photos import photo_bytes
from tests.processing.api.conftest import opened, picture_bytes, upload

REMOVE = "/v1.0/removebg"


def test_a_photo_becomes_its_cutout_for_one_credit(alice, alice_credits):
    response = alice.post(REMOVE, {"image_file": upload("grace.jpg", photo_bytes("grace_hopper")), "size": "auto"})

    cutout = opened(response)
    assert (response["Content-Type"], cutout.format, cutout.mode) == ("image/png", "PNG", "RGBA")
    assert cutout.size == (512, 600)
    alpha = np.asarray(cutout)[..., 3]
    assert alpha[300, 256] == 255
    assert alpha[5, 5] == 0
    assert (response["X-Type"], response["X-Width"], response["X-Height"]) == ("other", "512", "600")
    assert response["X-Credits-Charged"] == "1"
    assert 0 < int(response["X-Foreground-Top"]) < 300
    assert "Content-Encoding" not in response
    assert alice_credits() == 9


def test_json_holds_the_picture_for_who_accepts_nothing_else(alice, disc):
    body = json.dumps({"image_file_b64": base64.b64encode(picture_bytes(600, 400)).decode(), "crop": True, "roi": None})

    response = alice.send(REMOVE, body, "application/json", accept="application/json")

    assert response.status_code == 200, response.content
    assert response["Content-Type"] == "application/json; charset=utf-8"
    data = response.json()["data"]
    picture = Image.open(io.BytesIO(base64.b64decode(data["result_b64"])))
    assert picture.size == pytest.approx((300, 200), abs=4)
    assert (data["foreground_left"], data["foreground_top"]) == (0, 0)
    assert (data["foreground_width"], data["foreground_height"]) == picture.size


def test_a_zip_holds_colour_and_matte(alice, disc):
    response = alice.post(REMOVE, {"image_file": upload("x.png", picture_bytes(60, 40)), "format": "zip"})

    assert response["Content-Type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.namelist() == ["color.jpg", "alpha.png"]
    colour, matte = (Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist())
    assert (colour.format, colour.mode, matte.format, matte.mode) == ("JPEG", "RGB", "PNG", "L")
    assert colour.size == matte.size == (60, 40)
    assert matte.getpixel((30, 20)) == 255


def test_a_photo_without_a_subject_is_refused_and_free(alice, alice_credits):
    response = alice.post(REMOVE, {"image_file": upload("flat.png", picture_bytes(200, 150))})

    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, "unknown_foreground")
    assert alice_credits() == 10


def test_a_region_is_where_the_subject_is_looked_for(alice):
    fields = {"image_file": upload("grace.jpg", photo_bytes("grace_hopper")), "roi": "0px 0px 300px 50%"}

    alpha = np.asarray(opened(alice.post(REMOVE, {**fields, "size": "full"})))[..., 3]

    assert alpha.shape == (600, 512)
    assert not alpha[300:].any()
    assert not alpha[:, 300:].any()
    assert alpha[:300, :300].max() == 255


def test_a_background_picture_fills_the_canvas(alice, disc):
    stripes = Image.new("RGB", (300, 100), "blue")
    stripes.paste("lime", (0, 0, 100, 100))
    stripes.paste("red", (200, 0, 300, 100))
    file = io.BytesIO()
    stripes.save(file, "PNG")

    fields = {"image_file": upload("x.png", picture_bytes(200, 200)), "bg_image_file": upload("b.png", file.getvalue())}
    result = opened(alice.post(REMOVE, {**fields, "format": "png"}))

    assert (result.mode, result.size) == ("RGB", (200, 200))
    assert result.getpixel((3, 3)) == (0, 0, 255), "the middle third of the stripes is all that fits"
    assert result.getpixel((196, 196)) == (0, 0, 255)


def test_what_is_wrong_with_the_background_is_told_as_its_fault(alice, alice_credits, disc):
    files = {"image_file": upload("x.png", picture_bytes()), "bg_image_file": upload("b.pdf", b"%PDF-1.7 ...")}

    response = alice.post(REMOVE, files)

    error = response.json()["errors"][0]
    assert (response.status_code, error["code"]) == (400, "invalid_file_type")
    assert error["title"] == "Background image: Invalid file type"
    assert alice_credits() == 10


def test_a_background_that_ends_early_is_told_as_its_fault(alice, alice_credits, disc):
    files = {"image_file": upload("x.png", picture_bytes()), "bg_image_file": upload("b.png", picture_bytes()[:-200])}

    response = alice.post(REMOVE, files)

    assert response.status_code == 400
    assert response.json()["errors"][0]["title"].startswith("Background image: ")
    assert alice_credits() == 10


def test_a_forgotten_at_sign_is_told(alice):
    error = alice.post(REMOVE, {"image_file": "photo.jpg"}).json()["errors"][0]

    assert error["code"] == "missing_source"
    assert "holds text" in error["detail"]


def test_json_may_begin_with_a_mark(alice):
    body = b"\xef\xbb\xbf" + b'{"image_url": "http://example.com/a.png", "size": "tiny"}'

    error = alice.send(REMOVE, body, "application/json").json()["errors"][0]

    assert error["code"] == "invalid_size"
