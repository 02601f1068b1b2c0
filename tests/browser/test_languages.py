"""The pages in German, whose words are long, and in Arabic, which begins on the right; at phone and desktop width."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.people import enter
from tests.photos import photo_path

ASTRONAUT = str(photo_path("astronaut"))
NAMES = {"de": "Deutsch", "ar": "العربيّة"}
PUBLIC = (
    *("/", "/pricing/", "/privacy/", "/docs/", "/docs/quickstart/", "/docs/api/v1-remove/", "/docs/migrate/"),
    *("/docs/errors/missing-image", "/account/login/", "/account/signup/"),
)
PRIVATE = (
    *("/dashboard/", "/keys/", "/keys/new/", "/usage/", "/people/", "/organization/", "/try/"),
    *("/account/email/", "/account/2fa/", "/account/data/", "/credits/warning/"),
)
MAIN = {
    "/",
    "/pricing/",
    "/docs/quickstart/",
    "/account/login/",
    "/dashboard/",
    "/keys/",
    "/usage/",
    "/people/",
    "/try/",
}


def choose(page: Page, language: str) -> None:
    """Pick a language in the footer."""
    with page.expect_navigation():
        page.locator("footer").get_by_role("button", name=NAMES[language]).click()
    expect(page.locator("html")).to_have_attribute("lang", language)


@pytest.mark.parametrize("language", NAMES)
def test_every_page_fits_its_window_and_has_no_faults(window, site, language):
    window.goto("/")
    choose(window, language)
    enter(window, site, email="lena@example.com", organization="Lena's studio", credits=1234)
    for path in (*PUBLIC, *PRIVATE):
        window.goto(path)
        assert window.locator("html").get_attribute("lang") == language
        assert window.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else None)
        assert overflow_of(window) == 0, path
        if path in MAIN:
            assert faults_of(window) == [], path


def test_the_footer_changes_the_language_of_the_page_that_is_open(window):
    window.goto("/docs/quickstart/?from=mail")
    choose(window, "de")

    expect(window).to_have_url(re.compile(r"/docs/quickstart/\?from=mail$"))
    expect(window.locator("h1")).to_have_text("Schnellstart")
    expect(window.get_by_role("button", name="Deutsch")).to_have_attribute("aria-current", "true")


def test_it_needs_no_script(chromium, site):
    context = chromium.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/pricing/")
    choose(page, "ar")
    page.goto("/account/login/")

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    context.close()


def test_the_scripts_of_the_playground_speak_it_too(window, site):
    enter(window, site, email="lena@example.com", organization="Lena's studio", credits=1234)
    window.goto("/try/")
    choose(window, "de")
    window.locator("#photos").set_input_files([ASTRONAUT])

    expect(window.locator("canvas.cutout")).to_be_visible()
    expect(window.locator("#summary")).to_have_text("1 von 1 fertig")
    expect(window.locator("#credits")).to_have_text(re.compile(r"^1\.2\d\d Credits übrig$"))


def cut_at(page: Page, percent: str) -> float:
    """Have a photo cut out, move the slider there, and return how far from the left the line then stands."""
    page.locator("#photos").set_input_files([ASTRONAUT])
    expect(page.locator("canvas.cutout")).to_be_visible()
    page.locator("[data-stage=split]").fill(percent)
    sheet, line = (page.locator(f"[data-stage={name}]").bounding_box() for name in ("sheet", "line"))
    return (line["x"] - sheet["x"]) / sheet["width"]


def test_before_stands_where_reading_begins(desktop, site):
    enter(desktop, site, email="lena@example.com", organization="Lena's studio", credits=1234)
    desktop.goto("/try/")
    assert cut_at(desktop, "20") == pytest.approx(0.2, abs=0.02)
    desktop.locator("[data-row-act=remove]").click()
    choose(desktop, "ar")
    assert cut_at(desktop, "20") == pytest.approx(0.8, abs=0.02)

    slider, sheet = desktop.locator("[data-stage=split]"), desktop.locator("[data-stage=sheet]").bounding_box()
    middle = sheet["y"] + sheet["height"] / 2
    desktop.mouse.move(sheet["x"] + 0.8 * sheet["width"], middle)
    desktop.mouse.down()
    desktop.mouse.move(sheet["x"] + 0.3 * sheet["width"], middle)
    desktop.mouse.up()
    dragged = slider.evaluate("input => input.valueAsNumber")
    slider.press("ArrowLeft")

    assert dragged == pytest.approx(70, abs=2)
    assert slider.evaluate("input => input.valueAsNumber") == dragged + 2


def test_code_and_keys_begin_on_the_left_in_arabic(desktop):
    desktop.goto("/docs/quickstart/")
    choose(desktop, "ar")

    for element in desktop.locator("pre, code").all():
        assert element.evaluate("element => getComputedStyle(element).direction") == "ltr"


def test_the_browser_s_own_language_is_spoken_at_once(chromium, site):
    context = chromium.new_context(base_url=site.url, locale="de-CH")
    page = context.new_page()
    page.goto("/")

    expect(page.locator("h1")).to_contain_text("Hintergründe entfernen")
    context.close()
