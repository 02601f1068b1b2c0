"""History in Chromium: turn it on, find what was cut out, take it, delete it, turn it off."""

import io
import time
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.conftest import DESKTOP, open_context
from tests.browser.people import enter
from tests.photos import photo_path

ASTRONAUT = str(photo_path("astronaut"))


@pytest.fixture
def owner(window, site):
    """Each width has an organization of its own."""
    width = window.viewport_size["width"]
    enter(window, site, email=f"olga-{width}@example.com", organization=f"Olga's {width}")
    window.goto("/dashboard/")
    return window


def files_of(site):
    folder = site.folder / "data" / "history"
    return sorted(folder.iterdir()) if folder.exists() else []


def when_stored(site, count):
    """Wait until the server, which answers first, has stored so many files."""
    deadline = time.monotonic() + 15
    while len(files_of(site)) != count and time.monotonic() < deadline:
        time.sleep(0.05)
    return files_of(site)


def test_from_the_switch_to_the_disk_and_back(owner, site):
    before = len(files_of(site))
    owner.get_by_role("navigation", name="Pages of the organization").get_by_role("link", name="History").click()
    expect(owner.get_by_text("History is off")).to_be_visible()
    assert (faults_of(owner), overflow_of(owner)) == ([], 0)
    owner.get_by_role("link", name="Turn it on").click()
    expect(owner.get_by_role("heading", name="Keep results")).to_be_visible()
    assert (faults_of(owner), overflow_of(owner)) == ([], 0)
    owner.get_by_label("Keep results for a while").check()
    owner.get_by_label("Hours").fill("2")
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("Nothing is kept now")).to_be_visible()

    owner.goto("/try/")
    expect(owner.locator("#empty")).to_contain_text("history for 2 hours")
    with owner.expect_response("**/try/remove") as answered:
        owner.locator("#photos").set_input_files([ASTRONAUT])
    delivered = answered.value.body()
    expect(owner.locator("canvas.cutout")).to_be_visible(timeout=30_000)
    stored = when_stored(site, before + 2)
    assert {oct(path.stat().st_mode & 0o777) for path in stored} == {"0o600"}

    owner.goto("/history/")
    card = owner.locator(".kept .card")
    expect(card).to_contain_text("astronaut-cutout.png")
    expect(card).to_contain_text("deleted in 1 hour, 59 minutes")
    assert card.locator("img").evaluate("async (image) => { await image.decode(); return image.naturalWidth; }") == 320
    picture, frame = card.locator("img").bounding_box(), card.locator(".kept-picture").bounding_box()
    assert picture == pytest.approx(frame, abs=1), "the whole result is seen"
    assert (faults_of(owner), overflow_of(owner)) == ([], 0)
    with owner.expect_download() as waiting:
        card.get_by_role("link", name="Download").click()
    assert Path(waiting.value.path()).read_bytes() == delivered
    assert waiting.value.suggested_filename == "astronaut-cutout.png"
    assert Image.open(io.BytesIO(delivered)).size == (512, 512)

    card.get_by_role("link", name="Delete").click()
    dialog = owner.get_by_role("dialog")
    expect(dialog).to_contain_text("cannot be undone")
    assert faults_of(owner) == []
    dialog.get_by_role("link", name="Keep it").click()
    expect(dialog).to_be_hidden()
    card.get_by_role("link", name="Delete").click()
    dialog.get_by_role("button", name="Delete “astronaut-cutout.png”").click()
    expect(owner.get_by_text("astronaut-cutout.png is deleted")).to_be_visible()
    expect(owner.locator(".kept")).to_have_count(0)
    assert len(files_of(site)) == before

    owner.goto("/try/")
    owner.locator("#photos").set_input_files([ASTRONAUT])
    expect(owner.locator("canvas.cutout")).to_be_visible(timeout=30_000)
    assert len(when_stored(site, before + 2)) == before + 2
    owner.goto("/history/settings/")
    owner.get_by_label("Keep results for a while").uncheck()
    owner.get_by_role("button", name="Save").click()
    expect(owner.get_by_text("what was kept is deleted")).to_be_visible()
    assert len(files_of(site)) == before


def test_without_javascript_a_result_is_deleted_on_a_page_of_its_own(chromium, site):
    context = open_context(chromium, site, DESKTOP, java_script_enabled=False)
    page = context.new_page()
    enter(page, site, email="nils@example.com", organization="Nils's shop")
    page.goto("/history/settings/")
    page.get_by_label("Keep results for a while").check()
    page.get_by_role("button", name="Save").click()
    before = len(files_of(site))
    page.goto("/try/")
    page.locator("#image_file").set_input_files(ASTRONAUT)
    with page.expect_download():
        page.get_by_role("button", name="Remove the background").click()
    when_stored(site, before + 2)
    page.goto("/history/")
    page.get_by_role("link", name="Delete astronaut-cutout.png").click()
    expect(page.get_by_role("heading", name="Delete “astronaut-cutout.png”?")).to_be_visible()
    page.get_by_role("button", name="Delete “astronaut-cutout.png”").click()

    expect(page.get_by_text("Nothing is kept now")).to_be_visible()
    context.close()
