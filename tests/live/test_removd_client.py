"""The client removd 1.1.1 of npm, as published and in a folder of its own, against a live server."""

import pytest

from tests.live.foreign_clients import PHOTO_SIZE, Told, is_cutout, run_client


@pytest.fixture(scope="module")
def told(live, pictures, blank, tmp_path_factory) -> Told:
    return run_client("removd", live, pictures, blank, tmp_path_factory.mktemp("elsewhere"), credits=4)


def test_a_file_gives_a_transparent_cutout_though_it_always_names_a_colour(told):
    returned = told.returned("file")
    picture = told.picture(returned["destination"])

    assert returned["destination"] == "from_file.png"
    assert is_cutout(picture), "its colour is 00000000"
    assert picture.size == PHOTO_SIZE
    assert returned["dimensions"] == "512x600"
    assert returned["charged"] == 1
    assert returned["detected"] == "other"
    assert returned["size"] == "medium"
    assert returned["resized"] is False


def test_an_address_on_a_colour_is_saved_under_the_ending_of_its_type(told):
    returned = told.returned("url")
    picture = told.picture(returned["destination"])

    assert returned["destination"] in ("from_url.jpg", "from_url.jpeg")
    assert picture.format == "JPEG"
    assert picture.getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=6)


def test_base64_with_a_data_address_before_it_gives_the_mask(told):
    picture = told.picture(told.returned("base64")["destination"])

    assert picture.mode == "L"
    assert picture.size == PHOTO_SIZE
    assert picture.getpixel((5, 5)) < 50
    assert picture.getpixel((256, 240)) > 200


def test_the_account_is_read(told):
    assert told.returned("account") == {
        "credits": {"subscription": 0, "payg": 1, "enterprise": 0, "total": 1},
        "api": {"free_calls": 0, "sizes": "all"},
    }


@pytest.mark.parametrize(
    ("situation", "title"),
    [
        ("account with a wrong key", "API Key invalid"),
        ("wrong key", "API Key invalid"),
        ("no credits", "Insufficient credits"),
        ("too many", "Rate limit exceeded"),
        ("missing url", "Failed to download image"),
    ],
)
def test_each_refusal_is_returned_in_the_words_of_the_server(told, situation, title):
    assert told.returned(situation)["error"].startswith(title)


def test_a_picture_without_a_subject_is_told_and_not_saved(told):
    returned = told.returned("no subject")

    assert "foreground" in returned["error"].lower()
    assert "destination" not in returned
