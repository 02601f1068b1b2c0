"""Bring a call along and run it here: paste, pick the photo, see the answer; with and without JavaScript."""

import base64
import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, open_context
from tests.browser.people import enter
from tests.factories import PASSWORD
from tests.photos import photo_path

ASTRONAUT = str(photo_path("astronaut"))
CALL = (
    "curl -H 'X-API-Key: sk_live_9f8e7d6c5b4a' -F image_file=@me.jpg -F size=preview -F crop=true "
    "https://api.remove.bg/v1.0/removebg -o x.png"
)


def paste(page: Page, call: str = CALL) -> None:
    page.goto("/docs/migrate/")
    page.get_by_label("Your curl call").fill(call)
    page.get_by_role("button", name="Get my call").click()
    expect(page.get_by_role("heading", name="Run it here")).to_be_visible()


def picture_of(page: Page) -> Image.Image:
    source = page.locator(".run-picture img").get_attribute("src") or ""
    return Image.open(io.BytesIO(base64.b64decode(source.partition("base64,")[2])))


def test_a_call_is_run_and_its_answer_shown(window, site, troubles):
    enter(window, site, email="rita@example.com", organization="Rita's shop")
    paste(window)
    assert (faults_of(window), overflow_of(window)) == ([], 0)
    window.get_by_label("Photo").set_input_files(ASTRONAUT)
    window.get_by_role("button", name="Run it and show the answer").click()
    expect(window.get_by_role("heading", name="The answer 200")).to_be_visible(timeout=30_000)

    assert picture_of(window).mode == "RGBA"
    assert window.locator(".run-picture img").evaluate("image => image.naturalWidth") > 100
    expect(window.get_by_text("X-Credits-Charged")).to_be_visible()
    assert "sk_live" not in window.content()
    assert (faults_of(window), overflow_of(window)) == ([], 0)
    window.get_by_label("Photo").set_input_files(__file__)
    window.get_by_role("button", name="Run it and show the answer").click()
    expect(window.get_by_role("heading", name="The call was refused 400")).to_be_visible()
    assert (faults_of(window), overflow_of(window)) == ([], 0)
    troubles.forgive("status of 400")


def test_without_javascript_a_stranger_logs_in_and_comes_back_with_the_call(chromium, site):
    context = open_context(chromium, site, DESKTOP, java_script_enabled=False)
    maker = context.new_page()
    enter(maker, site, email="sven@example.com", organization="Sven's shop")
    context.clear_cookies()
    page = context.new_page()
    paste(page)
    page.get_by_role("button", name="Log in and run it").click()
    page.get_by_label(re.compile("E-?mail", re.IGNORECASE)).first.fill("sven@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    expect(page.get_by_role("heading", name="Run your call")).to_be_visible()
    page.get_by_label("Photo").set_input_files(ASTRONAUT)
    page.get_by_label("Free, as with a test key").check()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Run it and download").click()

    assert waiting.value.suggested_filename == "astronaut-cutout.png"
    assert Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes())).mode == "RGBA"
    context.close()
