"""The front page: strangers try a photo, and are told when it is enough."""

import io
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, open_context
from tests.browser.people import enter
from tests.live.server import LiveServer
from tests.photos import photo_path

ASTRONAUT = str(photo_path("astronaut"))


def try_photo(page: Page) -> None:
    page.locator("[data-trial=file]").set_input_files(ASTRONAUT)


def test_a_stranger_sees_before_and_after_and_takes_the_preview(window):
    window.goto("/")
    assert (faults_of(window), overflow_of(window)) == ([], 0)
    try_photo(window)
    expect(window.locator("[data-pane=result]")).to_be_visible()
    slider = window.locator("[data-trial=split]")
    slider.focus()
    slider.press("PageUp")
    with window.expect_download() as waiting:
        window.get_by_role("link", name="Download preview").click()

    preview = Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes()))
    assert waiting.value.suggested_filename == "astronaut-cutout.png"
    assert (preview.mode, max(preview.size)) == ("RGBA", 512)
    assert (preview.getpixel((256, 256))[3], preview.getpixel((6, 6))[3]) == (255, 0)
    assert slider.input_value() == "60"
    assert (faults_of(window), overflow_of(window)) == ([], 0)
    window.get_by_role("link", name="Get it at full size").click()
    expect(window).to_have_url("/account/signup/")


def test_nothing_moves_when_the_preview_comes(window):
    def places():
        parts = window.locator(".hero h1, .proofs, body > footer")
        return parts.evaluate_all("(parts) => parts.map((part) => part.getBoundingClientRect().top + scrollY)")

    window.goto("/")
    before = places()
    assert len(before) == 3
    try_photo(window)
    expect(window.locator("[data-pane=busy]")).to_be_visible()
    assert places() == before
    expect(window.locator("[data-pane=result]")).to_be_visible()
    expect(window.locator("[data-pane=start]")).to_be_hidden()

    assert places() == before


def test_a_file_that_is_no_photo_is_explained_and_another_may_be_tried(window, troubles):
    window.goto("/")
    window.locator("[data-trial=file]").set_input_files(__file__)
    expect(window.locator("[data-trial=why]")).to_contain_text("not a JPEG, PNG or WebP image")
    assert faults_of(window) == []
    try_photo(window)

    expect(window.locator("[data-pane=result]")).to_be_visible()
    troubles.forgive("status of 400")


def test_who_is_logged_in_is_led_to_the_playground(window, site):
    enter(window, site)
    window.goto("/")
    expect(window.locator("#trial")).to_have_count(0)
    assert (faults_of(window), overflow_of(window)) == ([], 0)
    window.get_by_role("link", name="Cut out photos").click()

    expect(window).to_have_url("/try/")


@pytest.fixture(scope="module")
def stingy_site(tmp_path_factory):
    """A server that gives one preview an hour."""
    server = LiveServer(
        tmp_path_factory.mktemp("stingy"), environ={"MODEL_NAME": "u2netp", "TRIAL_PREVIEWS": "1/h"}
    ).start()
    yield server
    server.stop()


def test_after_the_last_preview_the_way_leads_to_an_account(chromium, stingy_site, troubles):
    context = open_context(chromium, stingy_site, DESKTOP)
    page = context.new_page()
    troubles.watch(page)
    page.goto("/")
    try_photo(page)
    expect(page.locator("[data-pane=result]")).to_be_visible()
    try_photo(page)

    expect(page.locator("[data-trial=why]")).to_contain_text("last free preview")
    expect(page.locator("[data-pane=refused]").get_by_role("link", name="Sign up")).to_be_visible()
    assert faults_of(page) == []
    troubles.forgive("status of 429")
    context.close()


def test_without_javascript_a_stranger_gets_the_preview_as_a_file(chromium, site):
    context = open_context(chromium, site, DESKTOP, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.locator("#trial-file").set_input_files(ASTRONAUT)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Remove the background").click()

    assert waiting.value.suggested_filename == "astronaut-cutout.png"
    context.close()
