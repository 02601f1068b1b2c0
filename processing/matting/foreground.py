"""Finds the subject's own colour F where the photo shows it mixed with the background: I = alpha F + (1 - alpha) B.

M. Forte: Approximate Fast Foreground Colour Estimation (blur fusion, two rounds), ICIP 2021. Both rounds run on a small
copy; the last correction, which is pointwise, runs on the soft pixels of the photo itself.
"""

import math

import numpy as np

from processing.matting.arrays import Alpha8, Matte, Plane, Planes, Rgb8
from processing.matting.guided_filter import box_mean
from processing.matting.resample import enlarged_rows, resized_to_unit, working_size
from processing.matting.strips import row_strips

WORKING_PIXELS = 250_000
# Window radii of the two rounds in parts of the working copy's diagonal: first far, for a colour at all, then near.
FAR_OF_DIAGONAL = 0.1
NEAR_OF_DIAGONAL = 0.007
_TINY = 1e-5


def estimate_foreground(picture: Rgb8, alpha: Alpha8, opacity: Alpha8 | None = None) -> Rgb8:
    """Return the picture with the background's colour taken out of its soft pixels; opaque pixels stay as they are.

    `alpha` is the matte. `opacity` is the alpha that the picture came with, if any: the colour of its transparent
    pixels is nobody's, and counts for nothing.
    """
    size = (picture.shape[0], picture.shape[1])
    means = _fused_means(picture, alpha, opacity)
    foreground = picture.copy()
    for rows in row_strips(size[0]):
        soft = (alpha[rows] > 0) & (alpha[rows] < 255)
        if soft.any():
            near = enlarged_rows(means, size, rows)[soft]
            foreground[rows][soft] = _corrected(picture[rows][soft], alpha[rows][soft], near)
    return foreground


def _fused_means(picture: Rgb8, alpha: Alpha8, opacity: Alpha8 | None) -> Planes:
    """Return (height, width, 6) at working size, 0..1: the mean foreground and background colour around each pixel."""
    small_size = working_size(alpha.shape[0], alpha.shape[1], WORKING_PIXELS)
    diagonal = math.hypot(*small_size)
    colour, matte = resized_to_unit(picture, small_size), resized_to_unit(alpha, small_size)
    weight = np.ones_like(matte) if opacity is None else resized_to_unit(opacity, small_size)
    far, near = (max(1, round(part * diagonal)) for part in (FAR_OF_DIAGONAL, NEAR_OF_DIAGONAL))
    foreground, background = _means(colour, colour, matte, weight, far)
    foreground = _correction(colour, matte[..., np.newaxis], foreground, background)
    return np.dstack(_means(foreground, background, matte, weight, near))


def _means(foreground: Planes, background: Planes, matte: Matte, weight: Plane, radius: int) -> tuple[Planes, Planes]:
    """Return the mean of each colour over a window, weighted by how much of that colour a pixel shows."""
    return (
        _weighted_mean(foreground, matte * weight, radius),
        _weighted_mean(background, (1 - matte) * weight, radius),
    )


def _weighted_mean(colour: Planes, weight: Plane, radius: int) -> Planes:
    weight = weight[..., np.newaxis]
    total = box_mean(weight[..., 0], radius)[..., np.newaxis]
    return box_mean(colour * weight, radius) / (total + _TINY)


def _correction(colour: Planes, matte: Planes, foreground: Planes, background: Planes) -> Planes:
    """Return F + alpha (I - alpha F - (1 - alpha) B): what the means leave unexplained, given back to F."""
    unexplained = colour - matte * foreground - (1 - matte) * background
    return np.asarray(np.clip(foreground + matte * unexplained, 0, 1), dtype=np.float32)


def _corrected(colour: Rgb8, alpha: Alpha8, means: Planes) -> Rgb8:
    """Correct a list of pixels (n, 3) by the means (n, 6) around them."""
    unit = np.float32(1 / 255)
    matte = np.multiply(alpha, unit)[..., np.newaxis]
    corrected = _correction(np.multiply(colour, unit), matte, means[..., :3], means[..., 3:])
    return np.rint(corrected * 255).astype(np.uint8)
