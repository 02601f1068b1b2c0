"""The playground: photos in, cutouts out, by the real model, at phone and desktop width."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.accessibility import faults_of, overflow_of
from tests.browser.people import enter
from tests.photos import photo_path

ASTRONAUT = str(photo_path("astronaut"))
CENTRE, CORNER = (256, 256), (6, 6)
BATCH_WITHIN_MS = 90_000
REFUSED = "status of 400"


@pytest.fixture
def playground(window, site):
    enter(window, site, email="pat@example.com", organization="Pat's studio", credits=500)
    window.goto("/try/")
    return window


@pytest.fixture
def wide(desktop, site):
    enter(desktop, site, email="pat@example.com", organization="Pat's studio", credits=500)
    desktop.goto("/try/")
    return desktop


def add(page: Page, *paths: str) -> None:
    page.locator("#photos").set_input_files(list(paths))


def cut_out(page: Page, path: str = ASTRONAUT) -> None:
    """Have one photo cut out, and wait until it is on the stage."""
    add(page, path)
    expect(page.locator("canvas.cutout")).to_be_visible()


def downloaded(page: Page, button: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.locator(button).click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def picture(page: Page) -> Image.Image:
    """Return what the download button gives."""
    return Image.open(io.BytesIO(downloaded(page, "#stage [data-act=download]")[1]))


def small_photos(folder: Path, count: int) -> list[str]:
    """Write this many small photos, each another part of a real one."""
    whole = Image.open(ASTRONAUT).convert("RGB")
    paths = []
    for number in range(count):
        paths.append(str(folder / f"photo-{number:02}.jpg"))
        whole.crop((number, number, 400 + number, 400 + number)).resize((160, 160)).save(paths[-1])
    return paths


def credits_left(page: Page) -> int:
    return int(re.sub(r"\D", "", page.locator("#credits").inner_text()))


def drag(page: Page, *stops: tuple[float, float]) -> None:
    """Drag over the picture; places are shares of its width and height."""
    page.locator("[data-stage=view]").scroll_into_view_if_needed()
    sheet = page.locator("[data-stage=sheet]").bounding_box()
    assert sheet
    places = [(sheet["x"] + x * sheet["width"], sheet["y"] + y * sheet["height"]) for x, y in stops]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=4)
    page.mouse.up()


def test_a_single_photo_is_cut_out_at_once_and_downloads_under_its_name(playground):
    before = credits_left(playground)
    cut_out(playground)

    name, data = downloaded(playground, "#stage [data-act=download]")

    cutout = Image.open(io.BytesIO(data))
    assert (name, cutout.mode, cutout.size) == ("astronaut-cutout.png", "RGBA", (512, 512))
    assert (cutout.getpixel(CENTRE)[3], cutout.getpixel(CORNER)[3]) == (255, 0)
    assert credits_left(playground) == before - 1
    expect(playground.locator(".row-note")).to_contain_text("1 credit")


def test_the_page_is_accessible_and_fits_empty_and_filled(playground, troubles):
    assert (faults_of(playground), overflow_of(playground)) == ([], 0)
    cut_out(playground)
    add(playground, str(Path(__file__)))
    expect(playground.locator(".row[data-state=failed]")).to_be_visible()
    assert (faults_of(playground), overflow_of(playground)) == ([], 0)
    playground.get_by_label("Erase").check(force=True)
    playground.get_by_label("Gradient").check(force=True)
    playground.locator("#crop").select_option("1:1")
    playground.get_by_text("The same by API").click()

    assert (faults_of(playground), overflow_of(playground)) == ([], 0)
    troubles.forgive(REFUSED)


def test_a_batch_of_twenty_with_two_bad_files(playground, tmp_path, troubles):
    paths = small_photos(tmp_path, 18)
    for name in ("broken.jpg", "words.png"):
        (tmp_path / name).write_bytes(b"not an image")
        paths.insert(5, str(tmp_path / name))
    before = credits_left(playground)
    add(playground, *paths)
    start = playground.locator("#start")
    expect(start).to_have_text("Remove 20 backgrounds · 20 credits")
    assert credits_left(playground) == before

    start.click()

    expect(playground.locator("#summary")).to_have_text("18 of 20 done, 2 failed", timeout=BATCH_WITHIN_MS)
    failed = playground.locator(".row[data-state=failed]")
    expect(failed).to_have_count(2)
    expect(failed.first.locator(".row-note")).to_contain_text("not a JPEG, PNG or WebP image")
    assert credits_left(playground) == before - 18
    playground.locator("#retry-failed").click()
    expect(playground.locator(".row[data-state=failed]")).to_have_count(2)
    assert credits_left(playground) == before - 18
    name, data = downloaded(playground, "#download-all")
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.testzip() is None
        assert (name, len(packed.namelist())) == ("cutouts.zip", 18)
        assert "photo-00-cutout.png" in packed.namelist()
        for entry in packed.namelist():
            assert Image.open(io.BytesIO(packed.read(entry))).mode == "RGBA"
    troubles.forgive(REFUSED)


def test_folders_keep_their_structure_in_the_zip_with_names_in_any_script(wide, tmp_path):
    for folder, number in (("été", 0), ("été/海", 1)):
        (tmp_path / "trip" / folder).mkdir(parents=True)
        Path(small_photos(tmp_path, number + 1)[number]).rename(tmp_path / "trip" / folder / "photo.jpg")
    (tmp_path / "trip" / "notes.txt").write_text("not to be sent")

    wide.locator("#folder").set_input_files(str(tmp_path / "trip"))
    wide.locator("#start").click()
    expect(wide.locator("#summary")).to_have_text("2 of 2 done")

    packed = zipfile.ZipFile(io.BytesIO(downloaded(wide, "#download-all")[1]))
    assert sorted(packed.namelist()) == ["trip/été/photo-cutout.png", "trip/été/海/photo-cutout.png"]


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
    import base64

    photo = base64.b64encode(Path(ASTRONAUT).read_bytes()).decode()
    was_ready = playground.evaluate(FILE_IN_PAGE.replace("KIND", repr(kind)), photo)

    expect(playground.locator("canvas.cutout")).to_be_visible()
    expect(playground.locator(".row-name")).to_have_text("brought.png")
    assert was_ready
    if kind == "drop":
        assert "drop-ready" not in (playground.locator("body").get_attribute("class") or "")


def test_the_slider_follows_the_keys(playground):
    cut_out(playground)
    slider = playground.locator("[data-stage=split]")
    slider.focus()
    shown = playground.locator("[data-stage=before]")
    middle = shown.evaluate("element => element.style.clipPath")
    places = []
    for key in ("ArrowRight", "PageUp", "ArrowLeft", "PageDown", "Home", "End"):
        slider.press(key)
        places.append(slider.input_value())

    assert places == ["52", "62", "60", "50", "0", "100"]
    assert shown.evaluate("element => element.style.clipPath") != middle
    slider.dblclick(position={"x": 5, "y": 20})
    assert slider.input_value() == "50"


def test_dragging_on_the_picture_moves_the_split(playground):
    cut_out(playground)
    drag(playground, (0.5, 0.5), (0.2, 0.5))

    assert abs(int(playground.locator("[data-stage=split]").input_value()) - 20) <= 2


def test_the_brush_erases_restores_and_takes_back(playground):
    cut_out(playground)
    delivered = downloaded(playground, "#stage [data-act=download]")[1]
    playground.get_by_label("Erase").check(force=True)
    drag(playground, (0.45, 0.5), (0.55, 0.5))
    erased = picture(playground)
    playground.get_by_label("Restore").check(force=True)
    drag(playground, (0.0, 0.0), (0.05, 0.05))
    restored = picture(playground)
    original = Image.open(ASTRONAUT).convert("RGB")

    assert erased.getpixel(CENTRE)[3] == 0
    assert erased.getpixel((256, 400))[3] == 255, "elsewhere nothing changed"
    assert restored.getpixel(CENTRE)[3] == 0
    assert restored.getpixel(CORNER)[3] == 255
    assert restored.getpixel(CORNER)[:3] == pytest.approx(original.getpixel(CORNER), abs=2)
    playground.keyboard.press("Control+z")
    playground.keyboard.press("Control+z")
    assert downloaded(playground, "#stage [data-act=download]")[1] == delivered
    playground.keyboard.press("Control+Shift+z")
    assert picture(playground).getpixel(CENTRE)[3] == 0


def test_the_brush_works_by_keyboard_and_its_size_follows_the_brackets(wide):
    cut_out(wide)
    wide.get_by_label("Erase").check(force=True)
    size = wide.locator("#brush-size")
    before = int(size.input_value())
    wide.keyboard.press("]")
    assert int(size.input_value()) > before
    view = wide.locator("[data-stage=view]")
    view.focus()
    box = view.bounding_box()
    wide.mouse.move(box["x"] + box["width"] / 2 - 24, box["y"] + box["height"] / 2)
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        view.press(key)

    assert picture(wide).getpixel(CENTRE)[3] == 0


def test_corrections_go_into_the_zip_and_into_compositions(wide, tmp_path):
    second = tmp_path / "second.png"
    second.write_bytes(Path(ASTRONAUT).read_bytes())
    add(wide, ASTRONAUT, str(second))
    wide.locator("#start").click()
    expect(wide.locator("#summary")).to_have_text("2 of 2 done")
    wide.locator(".row-open", has_text="astronaut.png").click()
    wide.get_by_label("Erase").check(force=True)
    drag(wide, (0.45, 0.5), (0.55, 0.5))
    wide.get_by_label("Colour", exact=True).first.check(force=True)
    wide.locator("#bg_color").fill("#00ff00")

    packed = zipfile.ZipFile(io.BytesIO(downloaded(wide, "#download-all")[1]))

    seen = {
        name: Image.open(io.BytesIO(packed.read(name))).convert("RGB").getpixel(CENTRE) for name in packed.namelist()
    }
    assert seen["astronaut-cutout.png"] == (0, 255, 0)
    assert seen["second-cutout.png"] != (0, 255, 0)


def test_a_background_colour_is_exported_without_alpha(playground):
    cut_out(playground)
    playground.get_by_label("Colour", exact=True).first.check(force=True)
    playground.locator("#bg_color").fill("#ff0000")

    made = picture(playground)

    assert made.size == (512, 512)
    assert made.getpixel(CORNER)[:3] == (255, 0, 0)
    assert made.convert("RGBA").getextrema()[3] == (255, 255)


def test_a_gradient_and_a_picture_are_composed_as_seen(wide, tmp_path):
    cut_out(wide)
    wide.get_by_label("Gradient").check(force=True)
    wide.locator("#gradient_from").fill("#000000")
    wide.locator("#gradient_to").fill("#ffffff")
    made = picture(wide).convert("L")
    assert made.getpixel((6, 4)) < 20
    halves = Image.new("RGB", (2000, 500), "blue")
    halves.paste("yellow", (1000, 0, 2000, 500))
    halves.save(tmp_path / "halves.png")
    wide.get_by_label("Picture", exact=True).check(force=True)
    wide.locator("#backdrop-file").set_input_files(str(tmp_path / "halves.png"))
    expect(wide.get_by_label("Move background")).to_be_checked()
    centred = picture(wide).convert("RGB").getpixel(CORNER)
    drag(wide, (0.1, 0.1), (-0.9, 0.1))
    dragged = picture(wide).convert("RGB").getpixel(CORNER)

    assert centred == (0, 0, 255)
    assert dragged == (255, 255, 0)


def test_format_size_and_crop_are_as_in_the_api(wide, site):
    cut_out(wide)
    wide.locator("#format").select_option("jpg")
    assert picture(wide).format == "JPEG"
    wide.locator("#format").select_option("webp")
    wide.locator("#size").select_option("preview")
    small = picture(wide)
    assert (small.format, small.size) == ("WEBP", (256, 256))
    wide.locator("#format").select_option("png")
    wide.locator("#size").select_option("full")
    wide.locator("#crop").select_option("true")
    wide.locator("#padding").select_option("10%")
    cropped = picture(wide)
    wide.locator("#crop").select_option("16:9")
    in_ratio = picture(wide)

    assert cropped.size == size_by_api(site, crop="true", padding="10%")
    assert in_ratio.size == size_by_api(site, crop="16:9", padding="10%")


def size_by_api(site, **fields):
    import requests

    key = site.create_organization("Size by API", credits=1)
    answer = requests.post(
        f"{site.url}/v1/remove",
        headers={"x-api-key": key},
        data=fields,
        files={"image_file": Path(ASTRONAUT).read_bytes()},
        timeout=60,
    )
    return Image.open(io.BytesIO(answer.content)).size


def test_a_busy_server_is_asked_again_by_itself(wide, troubles):
    refusals = [503, 429]

    def refuse_at_first(route):
        if not refusals:
            return route.continue_()
        body = '{"code": "server_busy", "message": "Busy.", "request_id": "req_1"}'
        return route.fulfill(status=refusals.pop(), headers={"Retry-After": "1"}, body=body)

    wide.route("**/try/remove", refuse_at_first)
    add(wide, ASTRONAUT)
    expect(wide.locator(".row-note")).to_contain_text("busy")
    expect(wide.locator("canvas.cutout")).to_be_visible()

    assert refusals == []
    troubles.forgive("status of (503|429)")


def test_an_answer_that_got_lost_is_fetched_again_free(wide, troubles):
    before = credits_left(wide)
    devtools, lost = wide.context.new_cdp_session(wide), []

    def lose(answer):
        lost.append(answer["responseStatusCode"])
        devtools.send("Fetch.failRequest", {"requestId": answer["requestId"], "errorReason": "ConnectionReset"})

    devtools.on("Fetch.requestPaused", lose)
    devtools.send("Fetch.enable", {"patterns": [{"urlPattern": "*/try/remove", "requestStage": "Response"}]})
    add(wide, ASTRONAUT)
    expect(wide.locator(".row-note")).to_contain_text("connection broke off")
    devtools.send("Fetch.disable")
    assert lost == [200]
    wide.get_by_role("button", name="Try again: astronaut.png").click()
    expect(wide.locator("canvas.cutout")).to_be_visible()

    expect(wide.locator(".row-note")).to_contain_text("0 credits")
    assert credits_left(wide) == before - 1
    troubles.forgive("ERR_CONNECTION_RESET")


def hold_in(held):
    """Return a handler that lets requests hang."""

    def hold(route):
        held.append(route)

    return hold


def test_a_photo_on_its_way_can_be_cancelled_started_again_and_removed(wide, troubles):
    held = []
    wide.route("**/try/remove", hold_in(held))
    add(wide, ASTRONAUT)
    wide.get_by_role("button", name="Cancel: astronaut.png").click()
    expect(wide.get_by_role("button", name="Start: astronaut.png")).to_be_visible()
    wide.unroute("**/try/remove")
    wide.get_by_role("button", name="Start: astronaut.png").click()
    expect(wide.locator("canvas.cutout")).to_be_visible()
    wide.get_by_role("button", name="Remove from the list: astronaut.png").click()

    expect(wide.locator(".row")).to_have_count(0)
    expect(wide.locator("#empty")).to_be_visible()


def test_no_more_than_three_uploads_are_under_way_together(wide, tmp_path):
    held = []
    wide.route("**/try/remove", hold_in(held))
    add(wide, *small_photos(tmp_path, 5))
    wide.locator("#start").click()
    expect(wide.locator(".row[data-state=sending], .row[data-state=working]")).to_have_count(3)
    wide.wait_for_timeout(300)
    assert len(held) == 3
    held[0].continue_()
    expect(wide.locator(".row[data-state=done]")).to_have_count(1)
    wide.wait_for_timeout(300)

    assert len(held) == 4


def test_who_runs_out_of_credits_is_told_whom_to_ask_and_loses_nothing(window, site, tmp_path, troubles):
    enter(window, site, email=f"{tmp_path.name}@example.com", organization=f"Poor {tmp_path.name}", credits=2)
    window.goto("/try/")
    add(window, *small_photos(tmp_path, 4))
    expect(window.locator("#broke")).to_contain_text("2 credits are missing")
    window.locator("#start").click()

    expect(window.locator(".row[data-state=done]")).to_have_count(2)
    expect(window.locator("#broke")).to_contain_text("no credits left")
    expect(window.locator("#broke")).to_contain_text("ask the person who runs this service")
    expect(window.locator("#credits")).to_have_text("0 credits left")
    assert faults_of(window) == []
    troubles.forgive("status of 402")


def test_the_same_by_api_says_what_is_chosen(wide):
    wide.get_by_text("The same by API").click()
    snippet = wide.locator("#snippet")
    expect(snippet).to_contain_text('-F "image_file=@photo.jpg"')
    wide.locator("#format").select_option("jpg")
    wide.locator("#crop").select_option("1:1")
    wide.locator("#quality").select_option("best")
    for language, words in {
        "curl": ('-F "format=jpg"', '-F "crop=1:1"', '-F "quality=best"', "-o cutout.jpg"),
        "Python": ('"format": "jpg", "crop": "1:1", "quality": "best"',),
        "JavaScript": ('form.append("quality", "best")',),
    }.items():
        wide.get_by_label(language, exact=True).check(force=True)
        for word in words:
            expect(snippet).to_contain_text(word)
    assert wide.locator("#snippet-copy").get_attribute("data-copy") == snippet.inner_text()


def test_a_better_quality_afterwards_is_a_new_photo(wide):
    before = credits_left(wide)
    cut_out(wide)
    expect(wide.locator("#again")).to_be_hidden()
    wide.locator("#quality").select_option("fast")
    wide.locator("#again").click()
    expect(wide.locator("#credits")).to_contain_text(f"{before - 2} credits left")
    expect(wide.locator("canvas.cutout")).to_be_visible()


def test_everything_is_within_reach_of_the_keyboard(wide):
    """Tab to the way in, choose a photo, tab to the download, without a pointer."""
    for _ in range(30):
        wide.keyboard.press("Tab")
        if wide.evaluate("document.activeElement.dataset.act") == "photos":
            break
    with wide.expect_file_chooser() as choosing:
        wide.keyboard.press("Enter")
    choosing.value.set_files(ASTRONAUT)
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
