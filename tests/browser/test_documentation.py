"""The public pages in Chromium: accessible, within the window, and doing what they promise."""

import os
import subprocess
import sys

import pytest

from removebg.brand.accent import stylesheet_of
from removebg.brand.views import SHEET
from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, open_context
from tests.browser.people import enter
from tests.photos import photo_bytes

PAGES = [
    "/",
    "/docs/",
    "/docs/quickstart/",
    "/docs/api/",
    "/docs/api/v1-remove/",
    "/docs/api/v1-me/",
    "/docs/api/v1-0-removebg/",
    "/docs/api/v1-0-account/",
    "/docs/api/v1-0-improve/",
    "/docs/errors/",
    "/docs/errors/auth-failed",
    "/docs/errors/server-busy",
    "/docs/migrate/",
    "/docs/migrate-from-remove-bg/",
    "/docs/migrate-from-poof/",
    "/pricing/",
    "/status/",
    "/privacy/",
    "/terms/",
]
CALL = """curl -X POST https://api.remove.bg/v1.0/removebg \\
  -H 'X-API-Key: k' -F 'image_file=@photo.jpg' \\
  -F size=huge -F type=car -F foo=1 -k | cat"""


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_accessible_and_fits(window, path):
    window.goto(path)

    assert faults_of(window) == []
    assert overflow_of(window) == 0


def test_a_page_that_does_not_exist_is_accessible_and_fits(window, troubles):
    window.goto("/nowhere")

    assert faults_of(window) == []
    assert overflow_of(window) == 0
    troubles.forgive("404")


@pytest.mark.parametrize("hue", [30, 100, 145, 200, 330])
def test_pages_stay_accessible_in_the_operators_colour(desktop, hue):
    sheet = SHEET.read_text(encoding="utf-8") + stylesheet_of(float(hue))
    desktop.route("**/site.css*", lambda route: route.fulfill(body=sheet, content_type="text/css"))
    desktop.goto("/docs/api/v1-remove/")

    assert desktop.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--accent')").count("#") == 2
    assert faults_of(desktop) == []


def test_a_pasted_call_is_translated_without_a_script(chromium, site, troubles):
    context = open_context(chromium, site, DESKTOP, java_script_enabled=False)
    page = context.new_page()
    page.goto("/docs/migrate/")

    page.get_by_label("Your curl call").fill(CALL)
    page.get_by_role("button", name="Get my call").click()

    assert f"curl -f {site.url}/v1.0/removebg" in page.locator(".copy-field pre").inner_text()
    assert page.locator("tr", has_text="size").get_by_text("would be refused").is_visible()
    assert page.get_by_label("Your curl call").input_value() == ""
    context.close()


def test_what_became_of_a_call_is_accessible_and_fits(window):
    window.goto("/docs/migrate/")
    window.get_by_label("Your curl call").fill(CALL)
    window.get_by_role("button", name="Get my call").click()
    window.get_by_role("heading", name="What differs").wait_for()

    assert faults_of(window) == []
    assert overflow_of(window) == 0


def test_a_fault_in_a_call_is_told_beside_the_field(window, troubles):
    window.goto("/docs/migrate/")
    window.get_by_label("Your curl call").fill("ls -l")
    window.get_by_role("button", name="Get my call").click()

    assert window.get_by_text("This is no curl call").is_visible()
    assert window.get_by_label("Your curl call").input_value() == "ls -l"
    assert faults_of(window) == []

    window.get_by_label("Your curl call").fill(CALL)
    window.get_by_role("button", name="Get my call").click()
    window.get_by_role("heading", name="What differs").wait_for()

    assert window.get_by_label("Your curl call").input_value() == ""
    assert window.evaluate("sessionStorage.length") == 0
    troubles.forgive("400")


def test_languages_can_be_chosen_by_keyboard_and_without_a_script(chromium, site):
    context = open_context(chromium, site, DESKTOP, java_script_enabled=False)
    page = context.new_page()
    page.goto("/docs/api/v1-remove/")
    assert page.locator(".code-tab.curl").is_visible()
    assert not page.locator(".code-tab.python").is_visible()

    page.get_by_role("radio", name="curl").focus()
    page.keyboard.press("ArrowRight")

    assert page.locator(".code-tab.python").is_visible()
    assert not page.locator(".code-tab.curl").is_visible()
    context.close()


def test_the_chosen_language_is_remembered(desktop):
    desktop.goto("/docs/api/v1-remove/")
    desktop.get_by_role("radio", name="JavaScript").check()

    desktop.goto("/docs/quickstart/")

    assert desktop.locator(".code-tab.javascript").is_visible()
    assert not desktop.locator(".code-tab.curl").is_visible()


def test_the_open_place_is_within_sight_on_a_phone(window):
    window.goto("/status/")
    place = window.locator(".docs-nav [aria-current]")

    box = place.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= window.viewport_size["width"]


def test_swagger_ui_shows_the_endpoints_and_breaks_no_policy(desktop):
    desktop.goto("/docs/swagger/")
    desktop.locator(".opblock-summary-path", has_text="/v1/remove").first.wait_for()

    assert desktop.locator(".opblock").count() == 5


def test_a_member_reads_in_the_quickstart_which_key_to_use(window, site):
    enter(window, site, email="docs@example.com", organization="Docs shop")
    window.goto("/docs/quickstart/")

    assert window.get_by_role("link", name="Make a key").is_visible() or window.get_by_text("Use your key").is_visible()
    assert faults_of(window) == []


PROGRAMS = {
    "curl": ("call.sh", ["sh", "call.sh"]),
    "python": ("call.py", [sys.executable, "call.py"]),
    "javascript": ("call.mjs", ["node", "call.mjs"]),
}


@pytest.fixture(scope="module")
def key(site):
    return site.create_organization("Whoever copies samples", credits=20)


@pytest.mark.parametrize("language", PROGRAMS)
@pytest.mark.parametrize("slug", ["v1-remove", "v1-0-removebg", "v1-me", "v1-0-account", "v1-0-improve"])
def test_what_is_copied_from_a_page_works(desktop, key, tmp_path, slug, language):
    desktop.goto(f"/docs/api/{slug}/")
    file_name, command = PROGRAMS[language]
    (tmp_path / file_name).write_text(desktop.locator(f".code-tab.{language} pre").text_content().strip() + "\n")
    (tmp_path / "photo.jpg").write_bytes(photo_bytes("rocket"))

    done = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "KEY": key}, capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 0, done.stderr
    if "remove" in slug:
        assert (tmp_path / "cutout.png").read_bytes()[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0")
    else:
        assert done.stdout.strip().startswith("{")
