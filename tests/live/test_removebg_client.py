"""The client removebg 0.4 of PyPI, as published and in an environment of its own, against a live server."""

import pytest

from tests.live.foreign_clients import PHOTO_SIZE, Told, is_cutout, is_preview, run_client


@pytest.fixture(scope="module")
def told(live, pictures, blank, tmp_path_factory) -> Told:
    return run_client("removebg", live, pictures, blank, tmp_path_factory.mktemp("elsewhere"), credits=4)


def test_a_file_is_written_beside_the_photo_in_its_regular_size(told):
    told.returned("file")
    picture = told.picture("photo.jpg_no_bg.png")

    assert picture.format == "PNG"
    assert is_cutout(picture)
    assert is_preview(picture)


def test_an_address_gives_the_cutout_in_full_size(told):
    told.returned("url")
    picture = told.picture("from_url.png")

    assert is_cutout(picture)
    assert picture.size == PHOTO_SIZE


def test_base64_on_a_colour_gives_an_opaque_picture(told):
    told.returned("base64")
    picture = told.picture("from_base64.jpg")

    assert picture.format == "JPEG"
    assert picture.size == PHOTO_SIZE
    assert picture.getpixel((5, 5)) == pytest.approx((0x81, 0xD4, 0xFA), abs=6)


@pytest.mark.parametrize(
    ("situation", "status"),
    [
        ("bad option", 400),
        ("no image", 400),
        ("missing url", 400),
        ("no subject", 400),
        ("no credits", 402),
        ("wrong key", 403),
        ("too many", 429),
    ],
)
def test_each_refusal_raises_an_http_error_with_its_status(told, situation, status):
    assert told.situation(situation) == {"situation": situation, "raised": "HTTPError", "status": status}
