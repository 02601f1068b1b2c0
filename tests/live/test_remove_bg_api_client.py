"""The client remove-bg-api 0.2.1 of PyPI, as published and in an environment of its own, against a live server."""

import pytest

from tests.live.foreign_clients import PHOTO_SIZE, Told, is_cutout, is_preview, run_client


@pytest.fixture(scope="module")
def told(live, pictures, blank, tmp_path_factory) -> Told:
    return run_client("remove-bg-api", live, pictures, blank, tmp_path_factory.mktemp("elsewhere"), credits=10)


@pytest.mark.parametrize(("situation", "name"), [("bytes", "from_bytes.png"), ("url", "from_url.png")])
def test_bytes_and_an_address_give_a_preview(told, situation, name):
    told.returned(situation)
    picture = told.picture(name)

    assert picture.format == "PNG"
    assert is_cutout(picture)
    assert is_preview(picture)


def test_base64_gives_the_full_size_when_asked(told):
    assert told.returned("base64") == "from_base64.png"
    picture = told.picture("from_base64.png")

    assert is_cutout(picture)
    assert picture.size == PHOTO_SIZE


def test_its_options_are_passed_on(told):
    assert told.returned("options") == "options.webp"
    picture = told.picture("options.webp")

    assert picture.format == "WEBP"
    assert picture.height < PHOTO_SIZE[1], "cropped: there is air above the head"
    assert picture.getchannel("A").getextrema() == (0, 255)


def test_it_counts_the_credits_down_as_the_server_does(told):
    asked_for = told.returned("balance asked for")

    assert told.returned("balance before") == 10
    assert told.returned("balance kept by the client") == 6
    assert asked_for == {"subscription": 0, "payg": 6, "enterprise": 0, "total": 6}
    assert told.returned("free calls") == 0


@pytest.mark.parametrize(
    ("situation", "raised"),
    [
        ("bad option", "ApiErrorCode400"),
        ("no image", "ApiErrorCode400"),
        ("missing url", "ApiErrorCode400"),
        ("no subject", "ApiErrorCode400"),
        ("no credits", "ApiErrorCode402"),
        ("wrong key in the constructor", "ApiErrorCode403"),
        ("wrong key", "ApiErrorCode403"),
        ("too many", "ApiErrorCode429"),
    ],
)
def test_each_refusal_raises_the_clients_own_error(told, situation, raised):
    assert told.situation(situation) == {"situation": situation, "raised": raised}
