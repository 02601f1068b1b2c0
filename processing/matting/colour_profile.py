"""Converts pictures with an embedded ICC profile to sRGB (ICC.1:2022, through Little CMS)."""

import io
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PIL import Image, ImageCms

from processing.matting.arrays import Rgb8
from processing.matting.strips import row_strips

_PROFILE_SPACE_OF_MODE = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_ROWS_AT_ONCE = 64
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC


def srgb_pixels(picture: Image.Image, icc_profiles: Sequence[bytes]) -> Rgb8:
    """Return the pixels of an RGB, L or CMYK picture in sRGB; broken and unfitting profiles are ignored."""
    transform = find_transform_to_srgb(picture.mode, icc_profiles)
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)

    def convert(rows: slice) -> None:
        strip = picture.crop((0, rows.start, picture.width, rows.stop))
        pixels[rows] = np.asarray(transform.apply(strip) if transform else strip.convert("RGB"))

    # By strips, so that never more than one whole copy is made; Little CMS lets threads share a transform.
    with ThreadPoolExecutor(max_workers=max(1, cv2.getNumThreads())) as pool:
        deque(pool.map(convert, row_strips(picture.height, _ROWS_AT_ONCE)), maxlen=0)
    return pixels


def find_transform_to_srgb(mode: str, icc_profiles: Sequence[bytes]) -> ImageCms.ImageCmsTransform | None:
    """Return what turns colors of that mode (RGB, L or CMYK) into sRGB, by the first profile that fits.

    None where no profile fits, or where it would change nothing.
    """
    transforms = (_built_transform(mode, icc_profile) for icc_profile in icc_profiles)
    transform = next((transform for transform in transforms if transform), None)
    return None if transform and mode == "RGB" and _changes_nothing(transform) else transform


def _built_transform(mode: str, icc_profile: bytes) -> ImageCms.ImageCmsTransform | None:
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(icc_profile))
        if profile.profile.xcolor_space != _PROFILE_SPACE_OF_MODE[mode]:
            return None
        # The tables that Little CMS makes of a gray curve are too coarse near black.
        flags = _FLAGS | ImageCms.Flags.NOOPTIMIZE if mode == "L" else _FLAGS
        return ImageCms.buildTransform(
            profile, ImageCms.createProfile("sRGB"), mode, "RGB", renderingIntent=_INTENT, flags=flags
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a grid through the colour cube comes out as it went in: most profiles in the wild are sRGB itself."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    converted = transform.apply(Image.fromarray(grid))
    return int(np.abs(np.asarray(converted, dtype=np.int16) - grid).max()) <= 1
