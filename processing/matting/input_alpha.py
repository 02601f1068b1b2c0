"""Measures the alpha that a picture comes with: its transparent part, its outline, and a color to show it over."""

import cv2
import numpy as np
from numpy.typing import NDArray

from processing.matting.arrays import Alpha8, Mask, Matte, Rgb8
from processing.matting.composite import place_over
from processing.matting.layout import Box
from processing.matting.morphology import disc
from processing.matting.resample import working_size

# Fewer transparent pixels than this share are flaws of an opaque photo.
MIN_CLEAR_SHARE = 0.005
_CLEAR_BELOW = 0.1
_VISIBLE_FROM = 0.5

# A picture goes over the color that is farthest from nine tenths of its visible pixels; the first of equals.
BACKDROPS = ((255, 255, 255), (0, 0, 0), (128, 128, 128), (0, 160, 80), (200, 0, 160))
_NEAREST_PERCENT = 10
_SAMPLED_PIXELS = 16_384

# The outline of what is visible is this wide, in parts of the side.
OUTLINE_OF_SIDE = 0.01


def stretched(opacity: Alpha8) -> Alpha8:
    """Return the alpha with its greatest value raised to 255, so that a picture at half opacity is seen in full."""
    greatest = max(1, int(opacity.max()))
    return opacity if greatest == 255 else np.asarray(cv2.convertScaleAbs(opacity, alpha=255 / greatest), np.uint8)


def has_hole(opacity: Alpha8) -> bool:
    """Whether enough pixels are transparent for the visible part to have an outline of its own."""
    clear = int(np.count_nonzero(opacity < _CLEAR_BELOW * int(opacity.max())))
    return clear >= MIN_CLEAR_SHARE * opacity.size


def visible_box(opacity: Alpha8) -> Box | None:
    """Return the smallest rectangle around all that is not wholly transparent; None if nothing is visible."""
    left, top, width, height = cv2.boundingRect(opacity)
    return Box(left, top, width, height) if width else None


def show(rgb: Rgb8, opacity: Alpha8, backdrop: tuple[int, int, int]) -> Rgb8:
    """Return the picture over the backdrop, its most opaque pixels fully opaque."""
    return place_over(rgb, stretched(opacity), backdrop)


def contrasting_color(rgb: Rgb8, opacity: Alpha8) -> tuple[int, int, int]:
    """Return the one of BACKDROPS that stands out best from the visible pixels."""
    size = working_size(opacity.shape[0], opacity.shape[1], _SAMPLED_PIXELS)
    # Single pixels, since a mean over an area would take in the colors of transparent ones.
    sampled = np.ix_(*(np.arange(new) * old // new for new, old in zip(size, opacity.shape, strict=True)))
    colors = rgb[sampled][stretched(opacity[sampled]) >= 255 * _VISIBLE_FROM].astype(np.float32)
    return max(BACKDROPS, key=lambda color: _contrast(colors, color)) if colors.size else BACKDROPS[0]


def visible_part(opacity: Matte) -> Mask:
    """Return which pixels of the stretched alpha (height, width), 0..1, are more seen than not."""
    return np.asarray(opacity >= _VISIBLE_FROM)


def outline_of(visible: Mask) -> Mask:
    """Return the visible pixels near a transparent one or the picture's edge."""
    radius = max(1, round(OUTLINE_OF_SIDE * max(visible.shape)))
    eroded = cv2.erode(visible.view(np.uint8), disc(radius), borderType=cv2.BORDER_CONSTANT, borderValue=(0,))
    return np.asarray(visible & (eroded == 0))


def rectangle_sides_share(visible: Mask) -> float:
    """Return 0..1: how much of the sides of its bounding rectangle the visible part lies along."""
    left, top, width, height = cv2.boundingRect(visible.view(np.uint8))
    inside = visible[top : top + height, left : left + width]
    if not inside.size:
        return 0.0
    return float(np.concatenate((inside[0], inside[-1], inside[:, 0], inside[:, -1])).mean())


def _contrast(colors: NDArray[np.float32], backdrop: tuple[int, int, int]) -> float:
    """Return how far (in levels, Euclidean) all but the nearest colors (n, 3) are from the backdrop."""
    distances = np.linalg.norm(colors - np.asarray(backdrop, np.float32), axis=1)
    return float(np.percentile(distances, _NEAREST_PERCENT))
