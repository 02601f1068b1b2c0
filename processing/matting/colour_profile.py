"""Converts pictures with an embedded ICC profile to sRGB (ICC.1:2022, through Little CMS)."""

import io

import numpy as np
from PIL import Image, ImageCms

_PROFILE_SPACE_OF_MODE = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC


def to_srgb(picture: Image.Image, icc_profile: bytes | None) -> Image.Image:
    """Return an RGB, L or CMYK picture as 8-bit sRGB; a missing, broken or unfitting profile is ignored.

    The picture given may be changed, or be the one returned: a large one is not copied for nothing.
    """
    transform = find_transform_to_srgb(picture.mode, icc_profile)
    if transform is None:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    if picture.mode == "RGB":
        return transform.apply_in_place(picture)
    return transform.apply(picture)


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
