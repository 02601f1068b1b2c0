"""Photos whose EXIF orientation browsers ignore: the page has to show what the server cut out."""

import base64
import io
import struct
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from processing.matting.decode import decode
from processing.matting.options import DecodeLimits
from tests.browser.playground.acts import cut_out, drag, picture
from tests.processing.matting.decode_cases import ORIENTATIONS, as_file, upright_photo, webp_stored_as
from tests.processing.matting.raw_files import png_chunk

LIMITS = DecodeLimits(max_bytes=1 << 20, max_pixels=1 << 20, max_side_px=1024, max_jpeg_scans=100)
CORNER_PX = 20
FORMATS = ("jpeg", "png", "webp")

PIXELS_SHOWN = """async ([base64, type]) => {
  const { upright } = await import(document.querySelector("link[href*='try/upright']").href);
  const file = new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], { type });
  const picture = await createImageBitmap(await upright(file));
  const { width, height } = picture, context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(picture, 0, 0);
  return { width, height, rgba: Array.from(context.getImageData(0, 0, width, height).data) };
}"""


@pytest.fixture
def sideways(tmp_path):
    """A WebP that is stored as a camera held sideways does, with its orientation in EXIF."""
    path = tmp_path / "sideways.webp"
    path.write_bytes(webp_stored_as(6))
    return str(path)


def test_before_has_the_shape_of_the_cutout(playground, sideways):
    cut_out(playground, sideways)

    shown = playground.locator("[data-stage=photo]").evaluate(
        "async (img) => { await img.decode(); return img.naturalWidth / img.naturalHeight; }"
    )
    after = playground.locator("canvas.cutout").evaluate("canvas => canvas.width / canvas.height")
    assert shown == after == pytest.approx(240 / 300)


def test_restore_paints_what_the_server_saw_there(wide, sideways):
    cut_out(wide, sideways)
    wide.get_by_label("Restore").check(force=True)
    drag(wide, (0.0, 0.0), (0.15, 0.15))

    restored = np.asarray(picture(wide).convert("RGBA"), np.int16)[:CORNER_PX, :CORNER_PX]
    original = np.asarray(upright_photo(), np.int16)[:CORNER_PX, :CORNER_PX]
    opaque = restored[..., 3] == 255
    assert opaque.sum() >= CORNER_PX * CORNER_PX / 4
    assert np.abs(restored[..., :3] - original)[opaque].max() <= 2


def test_front_page_shows_before_upright_too(desktop, sideways):
    desktop.goto("/")
    desktop.locator("[data-trial=file]").set_input_files(sideways)
    desktop.locator("[data-pane=result]").wait_for(timeout=60_000)

    sizes = [
        desktop.locator(f"[data-trial={name}]").evaluate(
            "async (img) => { await img.decode(); return img.naturalWidth / img.naturalHeight; }"
        )
        for name in ("before", "after")
    ]
    assert sizes == [pytest.approx(240 / 300, rel=0.01)] * 2


def test_every_orientation_is_shown_as_the_server_reads_it(desktop):
    desktop.goto("/")

    for case in ORIENTATIONS:
        data = case.make()
        shown = desktop.evaluate(PIXELS_SHOWN, [base64.b64encode(data).decode(), f"image/{case.name.split()[0]}"])

        read = decode(data, LIMITS)
        assert (shown["width"], shown["height"]) == (read.width, read.height), case
        pixels = np.array(shown["rgba"], np.int16).reshape(read.height, read.width, 4)[..., :3]
        assert np.abs(pixels - read.rgb).max() <= 2, case


def _exif(kind: int = 3, count: int = 1, value: int = 6) -> bytes:
    return b"II*\x00" + struct.pack("<IHHHIHHI", 8, 1, 0x0112, kind, count, value, 0, 0)


def _odd_files() -> Iterator[tuple[str, bytes]]:
    """Yield (format, file): EXIF that is malformed, or where nobody looks for it."""
    photo = upright_photo()
    plain = {kind: as_file(photo, kind.upper(), **({"lossless": True} if kind == "webp" else {})) for kind in FORMATS}
    blocks = [_exif(4), _exif(1), _exif(count=2), _exif(count=0), _exif(value=9), _exif()[:-6], b"Exif\0\0" + _exif()]
    for block in blocks:
        for kind in ("webp", "png"):
            yield kind, as_file(photo, kind.upper(), exif=block)
        segment = b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block
        yield "jpeg", plain["jpeg"][:2] + segment + plain["jpeg"][2:]
    late = b"\xff\xe1" + struct.pack(">H", len(_exif()) + 8) + b"Exif\0\0" + _exif()
    yield "jpeg", plain["jpeg"][:-2] + late + plain["jpeg"][-2:]
    yield "png", plain["png"] + png_chunk(b"eXIf", _exif())
    yield "webp", plain["webp"] + b"EXIF" + struct.pack("<I", len(_exif())) + _exif()


def test_odd_exif_is_read_as_the_server_reads_it(desktop):
    desktop.goto("/")

    for number, (kind, data) in enumerate(_odd_files()):
        shown = desktop.evaluate(PIXELS_SHOWN, [base64.b64encode(data).decode(), f"image/{kind}"])

        read = decode(data, LIMITS)
        assert (shown["width"], shown["height"]) == (read.width, read.height), (number, kind)


def test_file_without_orientation_is_used_as_it_is(desktop):
    file = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(file, "WEBP")
    desktop.goto("/")

    assert desktop.evaluate(
        """async (base64) => {
          const { upright } = await import(document.querySelector("link[href*='try/upright']").href);
          const file = new Blob([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))]);
          return file === await upright(file);
        }""",
        base64.b64encode(file.getvalue()).decode(),
    )
