"""Puts colour and alpha together: C = alpha F + (1 - alpha) B.

T. Porter, T. Duff: Compositing Digital Images, SIGGRAPH 1984 ("over"), on sRGB values, as browsers and phones do it.
"""

from collections.abc import Sequence

import numpy as np

from processing.matting.arrays import Alpha8, Rgb8
from processing.matting.strips import row_strips


def place_over(foreground: Rgb8, alpha: Alpha8, background: Sequence[int]) -> Rgb8:
    """Return the foreground over one background colour (three numbers 0..255), rounded to the nearest value."""
    composed = np.empty_like(foreground)
    behind = np.asarray(background, dtype=np.uint32)
    for rows in row_strips(alpha.shape[0]):
        a = alpha[rows].astype(np.uint32)[..., np.newaxis]
        composed[rows] = (a * foreground[rows] + (255 - a) * behind + 127) // 255
    return composed


def multiply(alpha: Alpha8, opacity: Alpha8 | None) -> Alpha8:
    """Return alpha times the opacity that the picture came with, rounded to the nearest value."""
    if opacity is None:
        return alpha
    product = np.empty_like(alpha)
    for rows in row_strips(alpha.shape[0]):
        product[rows] = (alpha[rows].astype(np.uint16) * opacity[rows] + 127) // 255
    return product


def clear_hidden_colour(foreground: Rgb8, alpha: Alpha8) -> Rgb8:
    """Return the colours with black wherever nothing is seen: no trace of the background travels in the file."""
    return np.asarray(foreground * (alpha != 0)[..., np.newaxis], dtype=np.uint8)
