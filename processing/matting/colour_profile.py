"""Converts pictures with an embedded ICC profile to sRGB (ICC.1:2022, through Little CMS)."""

import io
from collections import deque
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


def srgb_pixels(picture: Image.Image, icc_profile: bytes | None) -> Rgb8:
    """Return the pixels of an RGB, L or CMYK picture in sRGB; a missing, broken or unfitting profile is ignored."""
    transform = find_transform_to_srgb(picture.mode, icc_profile)
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)

    def convert(rows: slice) -> None:
        strip = picture.crop((0, rows.start, picture.width, rows.stop))
        pixels[rows] = np.asarray(transform.apply(strip) if transform else strip.convert("RGB"))

    # By strips, so that never more than one whole copy is made; Little CMS lets threads share a transform.
    with ThreadPoolExecutor(max_workers=max(1, cv2.getNumThreads())) as pool:
        deque(pool.map(convert, row_strips(picture.height, _ROWS_AT_ONCE)), maxlen=0)
    return pixels


def find_transform_to_srgb(mode: str, icc_profile: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """Return what turns colours of that mode (RGB, L or CMYK) into sRGB; None where that would change nothing."""
    transform = _built_transform(mode, icc_profile) if icc_profile else None
    return None if transform and mode == "RGB" and _changes_nothing(transform) else transform


def _built_transform(mode: str, icc_profile: bytes) -> ImageCms.ImageCmsTransform | None:
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(icc_profile))
        if profile.profile.xcolor_space != _PROFILE_SPACE_OF_MODE[mode]:
            return None
        return ImageCms.buildTransform(
            profile, ImageCms.createProfile("sRGB"), mode, "RGB", renderingIntent=_INTENT, flags=_FLAGS
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether a grid through the colour cube comes out as it went in: most profiles in the wild are sRGB itself."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    grid = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    converted = transform.apply(Image.fromarray(grid))
    return int(np.abs(np.asarray(converted, dtype=np.int16) - grid).max()) <= 1
