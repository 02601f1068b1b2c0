"""The picture in work: before and after, zoom, the brush."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.playground.acts import (
    ASTRONAUT,
    BATCH_WITHIN_MS,
    CENTRE,
    CORNER,
    add,
    cut_out,
    downloaded,
    drag,
    picture,
)


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
    expect(wide.locator("#summary")).to_have_text("2 of 2 done", timeout=BATCH_WITHIN_MS)
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


def fingers(page, *stops):
    """Put fingers on the picture and move them; each stop says where every finger is, as shares of the picture."""
    page.locator("[data-stage=view]").scroll_into_view_if_needed()
    view = page.locator("[data-stage=view]").bounding_box()
    devtools = page.context.new_cdp_session(page)
    for number, stop in enumerate(stops):
        points = [{"x": view["x"] + x * view["width"], "y": view["y"] + y * view["height"]} for x, y in stop]
        kind = "touchMove" if number else "touchStart"
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def sheet_of(page):
    return page.locator("[data-stage=sheet]").bounding_box()


PINCH = [[(0.4, 0.5), (0.6, 0.5)], [(0.3, 0.5), (0.7, 0.5)], [(0.2, 0.5), (0.8, 0.5)]]


def test_two_fingers_zoom_in_and_out_again(touch):
    cut_out(touch)
    before = sheet_of(touch)["width"]

    fingers(touch, *PINCH)
    zoomed = sheet_of(touch)["width"]
    fingers(touch, *reversed(PINCH))

    assert zoomed == pytest.approx(before * 3, rel=0.1)
    assert sheet_of(touch)["width"] == pytest.approx(before, rel=0.1)


def shown(page):
    """Return what the stage shows of the cutout, which a stroke that is dropped must leave as it was."""
    return page.locator("canvas.cutout").evaluate("canvas => canvas.toDataURL()")


def test_two_fingers_do_not_paint(touch):
    cut_out(touch)
    touch.get_by_label("Erase").check(force=True)
    before = shown(touch), downloaded(touch, "#stage [data-act=download]")[1]

    fingers(touch, *PINCH)

    assert (shown(touch), downloaded(touch, "#stage [data-act=download]")[1]) == before
    fingers(touch, [(0.45, 0.5)], [(0.5, 0.5)], [(0.55, 0.5)])
    assert shown(touch) != before[0], "one finger does"


def test_space_and_a_drag_move_the_zoomed_picture_and_paint_nothing(wide):
    cut_out(wide)
    delivered = downloaded(wide, "#stage [data-act=download]")[1]
    wide.get_by_label("Erase").check(force=True)
    for _ in range(4):
        wide.get_by_role("button", name="Zoom in").click()
    view = wide.locator("[data-stage=view]")
    view.focus()
    before = sheet_of(wide)

    wide.keyboard.down(" ")
    drag(wide, (0.5, 0.5), (0.55, 0.53))
    wide.keyboard.up(" ")

    after = sheet_of(wide)
    assert after["x"] - before["x"] == pytest.approx(0.05 * before["width"], abs=4)
    assert after["y"] - before["y"] == pytest.approx(0.03 * before["height"], abs=4)
    assert downloaded(wide, "#stage [data-act=download]")[1] == delivered


def test_nothing_moves_by_itself_for_who_asked_for_that(playground):
    playground.emulate_media(reduced_motion="reduce")
    cut_out(playground)

    longest = playground.evaluate("""Math.max(...[...document.querySelectorAll("*")].flatMap((element) => {
        const { transitionDuration, animationDuration } = getComputedStyle(element);
        return `${transitionDuration},${animationDuration}`.split(",").map(parseFloat);
    }))""")

    assert longest <= 0.001
