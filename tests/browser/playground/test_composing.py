"""Backgrounds, formats, sizes and crops, which the browser makes of one cutout."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from tests.browser.playground.acts import ASTRONAUT, CORNER, cut_out, drag, picture


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
