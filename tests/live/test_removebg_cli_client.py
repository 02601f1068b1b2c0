"""The command removebg-cli 1.0.0 of PyPI, as published and in an environment of its own, against a live server."""

import re

import pytest

from tests.live.foreign_clients import PHOTO_SIZE, Told, is_cutout, run_client


@pytest.fixture(scope="module")
def told(live, pictures, blank, tmp_path_factory) -> Told:
    return run_client("removebg-cli", live, pictures, blank, tmp_path_factory.mktemp("elsewhere"), credits=12)


def test_a_file_is_saved_and_what_it_cost_is_said(told):
    line = told.situation("file")
    picture = told.picture("from_file.png")

    assert line["ended"] == 0
    assert "from_file.png (消耗 1 credits)" in line["said"]
    assert is_cutout(picture)
    assert picture.size == PHOTO_SIZE


def test_an_address_on_a_colour_with_a_shadow_is_saved_and_the_low_balance_is_read(told):
    line = told.situation("url")
    picture = told.picture("from_url.jpg")

    assert line["ended"] == 0
    assert "剩余额度不足: 10 (免费0 + credits10)" in line["said"], "it warns from ten on"
    assert picture.format == "JPEG"
    assert picture.getpixel((5, 5)) == pytest.approx((255, 0, 0), abs=6)


def test_the_account_is_shown(told):
    line = told.situation("account")

    assert line["ended"] == 0
    assert "总 Credits: 10" in line["said"]
    assert "订阅: 0" in line["said"]
    assert "按量: 10" in line["said"]


@pytest.mark.parametrize(
    ("situation", "said"),
    [
        ("account with a wrong key", r"API Key 无效"),
        ("missing url", r"API错误 \[400\]: Failed to download image"),
        ("no subject", r"API错误 \[400\]: \S"),
        ("no credits", r"API错误 \[402\]: Insufficient credits"),
        ("wrong key", r"API错误 \[403\]: API Key invalid"),
    ],
)
def test_each_refusal_is_said_in_the_words_of_the_server(told, situation, said):
    line = told.situation(situation)

    assert line["ended"] == 1
    assert re.search(said, line["said"]), line
    assert line["slept"] == []


def test_too_many_requests_make_it_wait_as_long_as_it_is_told(told):
    line = told.situation("too many")

    assert line["ended"] == 1
    assert len(line["slept"]) == 3
    assert all(1 <= seconds <= 60 for seconds in line["slept"])
    assert "API错误 [429]: Rate limit exceeded" in line["said"]
