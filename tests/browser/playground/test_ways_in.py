"""How photos come in: picked, dropped, pasted, taken, in folders; by keyboard, and without a script."""

import base64
import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.people import enter
from tests.browser.playground.acts import (
    ASTRONAUT,
    BATCH_WITHIN_MS,
    CENTRE,
    CORNER,
    cut_out,
    downloaded,
    picture,
    small_photos,
)

FILE_IN_PAGE = """async (path) => {
    const binary = Uint8Array.from(atob(path), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([binary], "brought.png", { type: "image/png" }));
    const kinds = { paste: new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true }),
                    drop: new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }) };
    document.body.dispatchEvent(new DragEvent("dragenter", { dataTransfer: transfer, bubbles: true }));
    const wasReady = document.body.classList.contains("drop-ready");
    document.body.dispatchEvent(kinds[KIND]);
    return wasReady;
}"""


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_photos_come_in_by_paste_and_by_a_drop_anywhere(playground, kind):

    photo = base64.b64encode(Path(ASTRONAUT).read_bytes()).decode()
    was_ready = playground.evaluate(FILE_IN_PAGE.replace("KIND", repr(kind)), photo)

    expect(playground.locator("canvas.cutout")).to_be_visible()
    expect(playground.locator(".row-name")).to_have_text("brought.png")
    assert was_ready
    if kind == "drop":
        assert "drop-ready" not in (playground.locator("body").get_attribute("class") or "")


def test_everything_is_within_reach_of_the_keyboard(wide):
    """Tab to the way in, choose a photo, tab to the download, without a pointer."""
    # Listened for from the start: Chromium opens a window of its own while nobody does, and tells nobody of it.
    choosers = []

    def remember(chooser):
        choosers.append(chooser)

    wide.on("filechooser", remember)
    wide.bring_to_front()
    for _ in range(30):
        wide.keyboard.press("Tab")
        if wide.evaluate("document.activeElement.dataset.act") == "photos":
            break
    assert wide.evaluate("document.activeElement.dataset.act") == "photos"
    wide.keyboard.press("Enter")
    for _ in range(100):
        if choosers:
            break
        wide.wait_for_timeout(100)
    choosers[0].set_files(ASTRONAUT)
    expect(wide.locator("canvas.cutout")).to_be_visible()
    for _ in range(60):
        wide.keyboard.press("Tab")
        if wide.evaluate("document.activeElement.dataset.act") == "download":
            break
    with wide.expect_download() as waiting:
        wide.keyboard.press("Enter")

    assert waiting.value.suggested_filename == "astronaut-cutout.png"


def test_without_javascript_a_form_gives_the_cutout(chromium, site):
    from tests.browser.conftest import PHONE, open_context

    context = open_context(chromium, site, PHONE, java_script_enabled=False)
    page = context.new_page()
    enter(page, site, email="pat@example.com", organization="Pat's studio", credits=500)
    page.goto("/try/")
    page.get_by_label("Photo", exact=True).set_input_files(ASTRONAUT)
    page.get_by_label("Format").select_option("webp")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Remove the background").click()

    assert waiting.value.suggested_filename == "astronaut-cutout.webp"
    assert Image.open(io.BytesIO(Path(waiting.value.path()).read_bytes())).size == (512, 512)
    context.close()


def test_a_cutout_is_copied_and_an_image_pasted_by_the_keys_for_it(wide):
    """Through the real clipboard: what is copied is the cutout, and pasting it brings it in as a photo."""
    wide.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cut_out(wide)
    delivered = picture(wide)

    wide.get_by_role("button", name="Copy image").click()
    expect(wide.locator(".toast").get_by_text("Copied")).to_be_visible()

    copied = Image.open(io.BytesIO(base64.b64decode(wide.evaluate(COPIED))))
    assert (copied.format, copied.size) == ("PNG", delivered.size)
    assert copied.convert("RGBA").getpixel(CENTRE) == delivered.getpixel(CENTRE)
    assert copied.convert("RGBA").getpixel(CORNER)[3] == 0
    wide.locator("body").press("Control+v")
    expect(wide.locator(".row")).to_have_count(2)
    expect(wide.locator(".row[data-state=done]")).to_have_count(2)


COPIED = """async () => {
    const [item] = await navigator.clipboard.read();
    const bytes = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}"""


def test_a_phone_offers_its_camera_and_takes_what_that_gives(touch):
    button = touch.get_by_role("button", name="Take a photo")
    expect(touch.get_by_role("button", name="Choose a folder")).to_be_hidden()
    with touch.expect_file_chooser() as choosing:
        button.tap()

    field = choosing.value.element
    assert (field.get_attribute("capture"), field.get_attribute("accept")) == ("environment", "image/*")
    assert not choosing.value.is_multiple()
    choosing.value.set_files(ASTRONAUT)
    expect(touch.locator("canvas.cutout")).to_be_visible()
    assert picture(touch).getpixel(CORNER)[3] == 0


def test_a_mouse_is_not_offered_a_camera(wide):
    expect(wide.get_by_role("button", name="Take a photo")).to_be_hidden()
    expect(wide.get_by_role("button", name="Choose a folder")).to_be_visible()


def drop_from_disk(page, *paths):
    """Drop files and folders as the desktop does."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 200, "y": 200, "data": data})


def test_a_folder_that_is_dropped_keeps_its_structure_in_the_zip(wide, tmp_path):
    trip = tmp_path / "trip"
    for number, place in enumerate(("beach", "beach/evening")):
        (trip / place).mkdir(parents=True)
        Path(small_photos(tmp_path, number + 1)[number]).rename(trip / place / "photo.jpg")
    (trip / "notes.txt").write_text("not to be sent")

    drop_from_disk(wide, trip)
    wide.locator("#start").click()
    expect(wide.locator("#summary")).to_have_text("2 of 2 done", timeout=BATCH_WITHIN_MS)

    packed = zipfile.ZipFile(io.BytesIO(downloaded(wide, "#download-all")[1]))
    assert sorted(packed.namelist()) == ["trip/beach/evening/photo-cutout.png", "trip/beach/photo-cutout.png"]
