"""The public client poofbg 0.4.1, unmodified and in an environment of its own, against a live server."""

import pytest

from tests.live.foreign_clients import PHOTO_SIZE, Told, is_cutout, run_client


@pytest.fixture(scope="module")
def told(live, pictures, blank, tmp_path_factory) -> Told:
    return run_client("poofbg", live, pictures, blank, tmp_path_factory.mktemp("elsewhere"), credits=6)


def test_success_carries_the_image_and_its_facts(told):
    result = told.returned("success")
    picture = told.picture("success.png")

    assert result["content_type"] == "image/png"
    assert is_cutout(picture)
    assert picture.size == (result["width"], result["height"]) == PHOTO_SIZE
    assert result["request_id"].startswith("req_")
    assert isinstance(result["processing_time_ms"], int)
    assert 0.9 < result["matte_confidence"] <= 1
    assert 0 <= result["matte_ambiguous_ratio"] < 0.1


def test_the_clients_options_are_understood(told):
    result = told.returned("options")
    picture = told.picture("options.jpg")

    assert picture.format == "JPEG"
    assert max(picture.size) == max(result["width"], result["height"]) == 256
    assert picture.getpixel((2, 2)) == pytest.approx((255, 0, 0), abs=6)


def test_an_address_gives_the_matte(told):
    told.returned("url")
    picture = told.picture("alpha.png")

    assert picture.mode == "L"
    assert picture.size == PHOTO_SIZE
    assert picture.getpixel((5, 5)) < 50
    assert picture.getpixel((256, 240)) > 200


def test_a_ratio_makes_the_cropped_picture_square(told):
    result = told.returned("ratio")
    picture = told.picture("ratio.webp")

    assert picture.format == "WEBP"
    assert picture.width == picture.height == result["width"]
    assert picture.getchannel("A").getextrema() == (0, 255)


def test_an_exact_size_holds_the_whole_picture_and_transparent_bars(told):
    told.returned("exact size")
    picture = told.picture("exact.png")
    alpha = picture.getchannel("A")

    assert picture.size == (300, 200)
    assert alpha.crop((0, 0, 60, 200)).getextrema() == (0, 0), "200 high, it is 171 wide: bars of 64"
    assert alpha.crop((240, 0, 300, 200)).getextrema() == (0, 0)
    assert alpha.getpixel((150, 80)) > 200


def test_me_is_read(told):
    me = told.returned("me")

    assert (me["maxCredits"], me["usedCredits"], me["plan"]) == (6, 5, "Pro")


@pytest.mark.parametrize(
    ("situation", "raised", "code"),
    [
        ("bad option", "ValidationError", "validation_error"),
        ("bad fit", "ValidationError", "validation_error"),
        ("no image", "ValidationError", "validation_error"),
        ("missing url", "ValidationError", "validation_error"),
        ("private url", "ValidationError", "validation_error"),
        ("wrong key", "AuthError", "authentication_error"),
        ("no credits", "PaymentRequiredError", "payment_required"),
    ],
)
def test_each_refusal_raises_the_clients_own_error(told, situation, raised, code):
    line = told.situation(situation)

    assert (line["raised"], line["code"]) == (raised, code)
    assert line["request_id"].startswith("req_")


def test_too_many_requests_raise_its_rate_limit_error(told):
    raised = [line["raised"] for line in told.lines if line["situation"] == "too many"]

    assert raised == ["ValidationError", "ValidationError", "RateLimitError"]
