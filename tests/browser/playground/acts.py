"""What people do on the page, and what they get."""

import io
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.photos import photo_path

ASTRONAUT = str(photo_path("astronaut"))
CENTRE, CORNER = (256, 256), (6, 6)
BATCH_WITHIN_MS = 90_000


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


def hold_in(held):
    """Return a handler that lets requests hang."""

    def hold(route):
        held.append(route)

    return hold
