"""The client remove.bg 1.3.0 of npm, as published and in a folder of its own, against a live server."""

import time

import pytest

from tests.live.foreign_clients import PHOTO_SIZE, Told, is_cutout, is_preview, run_client

PNG, JPEG = "iVBORw0K", "/9j/"


@pytest.fixture(scope="module")
def told(live, pictures, blank, tmp_path_factory) -> Told:
    return run_client("remove.bg", live, pictures, blank, tmp_path_factory.mktemp("elsewhere"), credits=5)


def test_a_file_gives_the_picture_as_base64_and_all_it_reads_from_the_headers(told):
    returned = told.returned("file")
    picture = told.picture("from_file.png")

    assert returned["starts"] == PNG
    assert is_cutout(picture)
    assert (returned["resultWidth"], returned["resultHeight"]) == ("512", "600")
    assert returned["creditsCharged"] == "1"
    assert returned["detectedType"] == "other"
    assert returned["rateLimit"] == "500"
    assert 0 <= int(returned["rateLimitRemaining"]) < 500
    assert abs(int(returned["rateLimitReset"]) - time.time()) < 180
    assert "retryAfter" not in returned


def test_an_address_on_a_colour_gives_a_preview_without_transparency(told):
    returned = told.returned("url")
    picture = told.picture("from_url.jpg")

    assert returned["starts"].startswith(JPEG)
    assert is_preview(picture)
    assert picture.getpixel((5, 5)) == pytest.approx((0x81, 0xD4, 0xFA), abs=6)
    assert (returned["resultWidth"], returned["resultHeight"]) == (str(picture.width), str(picture.height))


def test_base64_gives_a_preview(told):
    assert told.returned("base64")["starts"] == PNG
    picture = told.picture("from_base64.png")

    assert is_cutout(picture)
    assert is_preview(picture)


def test_its_options_are_passed_on(told):
    assert told.returned("options")["starts"]
    picture = told.picture("options.png")

    assert picture.mode == "L", "the mask"
    assert picture.height < PHOTO_SIZE[1], "cropped"
    assert picture.getpixel((picture.width // 2, picture.height // 2)) > 200


@pytest.mark.parametrize(
    ("situation", "code", "title"),
    [
        ("bad option", "invalid_size", None),
        ("no image", "invalid_file_type", None),
        ("missing url", "failed_image_download", None),
        ("no subject", "unknown_foreground", None),
        ("no credits", "insufficient_credits", "Insufficient credits"),
        ("wrong key", "auth_failed", "API Key invalid"),
        ("too many", "rate_limit_exceeded", "Rate limit exceeded"),
    ],
)
def test_each_refusal_rejects_with_the_list_of_errors(told, situation, code, title):
    [error] = told.situation(situation)["rejected"]

    assert error["code"] == code
    assert error["title"] == (title or error["title"])
    assert isinstance(error["title"], str)
    assert error["title"]
