"""Puts colour and alpha together: C = alpha F + (1 - alpha) B.

T. Porter, T. Duff: Compositing Digital Images, SIGGRAPH 1984 ("over"), on sRGB values, as browsers and phones do it.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Rgb8, Rgba8
from processing.matting.strips import row_strips

# So few rows stay in the processor's cache from one step of the sum to the next.
_ROWS_AT_ONCE = 16
_TINY = 1e-6


def place_over(foreground: Rgb8, alpha: Alpha8, background: Sequence[int]) -> Rgb8:
    """Return the foreground over one background colour (three numbers 0..255), rounded to the nearest value."""
    composed = np.empty_like(foreground)
    # What the background gives to a pixel, by alpha. Whole numbers below 2^24 are exact in float32.
    behind = ((255 - np.arange(256))[:, np.newaxis] * np.asarray(background)).astype(np.float32).reshape(1, 256, 3)
    for rows in row_strips(alpha.shape[0], _ROWS_AT_ONCE):
        a = cv2.cvtColor(alpha[rows], cv2.COLOR_GRAY2RGB)
        in_front = cv2.multiply(a, foreground[rows], dtype=cv2.CV_32F)
        composed[rows] = cv2.convertScaleAbs(cv2.add(in_front, cv2.LUT(a, behind)), alpha=1 / 255)
    return composed


def place_over_picture(foreground: Rgb8, alpha: Alpha8, background: Rgb8) -> Rgb8:
    """Return the foreground over a background picture of the same size, rounded to the nearest value."""
    composed = np.empty_like(foreground)
    for rows in row_strips(alpha.shape[0], _ROWS_AT_ONCE):
        a = cv2.cvtColor(alpha[rows], cv2.COLOR_GRAY2RGB)
        in_front = cv2.multiply(a, foreground[rows], dtype=cv2.CV_32F)
        behind = cv2.multiply(cv2.bitwise_not(a), background[rows], dtype=cv2.CV_32F)
        composed[rows] = cv2.convertScaleAbs(cv2.add(in_front, behind), alpha=1 / 255)
    return composed


def place_over_film(foreground: Rgb8, alpha: Alpha8, film: Sequence[int]) -> tuple[Rgb8, Alpha8]:
    """Return the foreground over a film of one colour, red, green, blue and alpha 0..255: straight colour and alpha.

    A = a + b (1 - a) and C = (a F + b (1 - a) B) / A, where a is the foreground's alpha and b the film's.
    """
    composed, opacity = np.empty_like(foreground), np.empty_like(alpha)
    film_alpha, film_colour = np.float32(film[3] / 255), np.asarray(film[:3], np.float32)
    for rows in row_strips(alpha.shape[0], _ROWS_AT_ONCE):
        a = alpha[rows].astype(np.float32) / 255
        behind = film_alpha * (1 - a)
        both = a + behind
        weighted = a[..., np.newaxis] * foreground[rows] + behind[..., np.newaxis] * film_colour
        composed[rows] = np.rint(weighted / np.maximum(both, _TINY)[..., np.newaxis])
        opacity[rows] = np.rint(both * 255)
    return composed, opacity


def intersect(alpha: Alpha8, opacity: Alpha8 | None) -> Alpha8:
    """Return the matte within the alpha that the picture came with: the smaller of the two at each pixel.

    The matte is first scaled to the greatest opacity, so that a subject at half opacity has its edges at half opacity.
    Their product would count twice an edge that both of them show.
    """
    if opacity is None:
        return alpha
    greatest = int(opacity.max())
    scaled = alpha if greatest == 255 else cv2.convertScaleAbs(alpha, alpha=greatest / 255)
    return np.asarray(cv2.min(scaled, opacity), dtype=np.uint8)


def interleave(rgb: Rgb8, alpha: Alpha8) -> Rgba8:
    """Return colour and straight alpha in one array, black where nothing is seen: no trace is left of what was."""
    rgba = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA), dtype=np.uint8)
    cv2.insertChannel(alpha, rgba, 3)
    whole_pixels = rgba.view(np.uint32)[..., 0]
    np.multiply(whole_pixels, alpha != 0, out=whole_pixels)
    return rgba
