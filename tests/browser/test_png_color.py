"""The colors of PNG files against Chromium's, for every way of saying what they mean."""

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser

from processing.matting.decode import decode
from processing.matting.options import DecodeLimits
from tests.processing.matting.png_color_cases import COLOR_CASES, cicp, gama, iccp, palette_file
from tests.processing.matting.raw_files import rgb_profile

LIMITS = DecodeLimits(max_bytes=1 << 20, max_pixels=1 << 20, max_side_px=1024, max_jpeg_scans=100)

PIXELS_SHOWN = """async (files) => Promise.all(files.map(async (base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const { width, height } = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(await createImageBitmap(new Blob([bytes], { type: "image/png" })), 0, 0);
  return { width, height, rgba: Array.from(context.getImageData(0, 0, width, height).data) };
}))"""


def _shown(chromium: Browser, files: Sequence[bytes]) -> list[NDArray[np.int16]]:
    page = chromium.new_page()
    shown = page.evaluate(PIXELS_SHOWN, [base64.b64encode(data).decode() for data in files])
    page.close()
    return [np.array(one["rgba"], np.int16).reshape(one["height"], one["width"], 4)[..., :3] for one in shown]


def test_colors_are_within_2_levels_of_chromium(chromium: Browser) -> None:
    palettes = {
        f"palette {chunk[0]!r} {is_late=}": palette_file(chunk, is_late=is_late)
        for chunk in (gama(1.0), cicp(12, 13), iccp(rgb_profile()))
        for is_late in (False, True)
    }
    names = [*(f"{case} {kind}" for kind in ("rgb", "gray") for case in COLOR_CASES), *palettes]
    files = [case.rgb_file() for case in COLOR_CASES] + [case.gray_file() for case in COLOR_CASES]
    files += palettes.values()

    off = {
        name: int(np.abs(decode(data, LIMITS).rgb - shown).max())
        for name, data, shown in zip(names, files, _shown(chromium, files), strict=True)
    }

    assert {name: levels for name, levels in off.items() if levels > 2} == {}
