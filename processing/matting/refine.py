"""Brings the network's matte to the photo's own size and edges.

Inside the unknown band, and where they explain it, the matte follows the photo's colours (guided_filter.py), fitted on
a small copy and applied at full size; elsewhere it is the network's. Floating point is held for small copies and
strips of rows only.
"""

import math

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Matte, Plane, Planes, Rgb8
from processing.matting.guided_filter import box_mean, fit_to_colour
from processing.matting.resample import enlarged_rows, resized, resized_to_unit, working_size
from processing.matting.strips import row_strips
from processing.matting.trimap import UNKNOWN, make_trimap

WORKING_PIXELS = 1_000_000
# Window and band in parts of the working copy's diagonal.
WINDOW_OF_DIAGONAL = 0.005
BAND_OF_DIAGONAL = 0.003
COLOUR_EPSILON = 1e-4
# Colour is followed where it explains the network's edge: not at all up to the first share, wholly from the second.
# Among textures that merely happen to lie there, the network's own outline is the better one.
DISTRUSTED_FIT = 0.5
TRUSTED_FIT = 0.9
# Haze: a fit spreads a little of the foreground over the background around it, and the reverse.
HAZE = 0.02
# Where the network itself saw less than this, the fit may not add much.
DOUBTFUL = 0.1


def refine(picture: Rgb8, matte: Matte) -> Alpha8:
    """Return the alpha (height, width) of the picture, 0..255, from the network's square matte of any side."""
    size = (picture.shape[0], picture.shape[1])
    small_size = working_size(*size, WORKING_PIXELS)
    small = resized(matte, small_size)
    fit = _fit(resized_to_unit(picture, small_size), small)
    alpha = np.empty(size, np.uint8)
    for rows in row_strips(size[0]):
        coefficients = enlarged_rows(fit, size, rows)
        alpha[rows] = _to_8_bits(_apply(coefficients, picture[rows]))
    return alpha


def enlarge(matte: Matte, size: tuple[int, int]) -> Alpha8:
    """Return the network's square matte at (height, width), 0..255, by bilinear interpolation and nothing else."""
    alpha = np.empty(size, np.uint8)
    small = resized(matte, (min(size[0], matte.shape[0]), min(size[1], matte.shape[1])))
    for rows in row_strips(size[0]):
        alpha[rows] = _to_8_bits(enlarged_rows(small, size, rows))
    return alpha


def _fit(guide: Planes, matte: Matte) -> Planes:
    """Return (height, width, 6): the colour coefficients a and b, the plain matte, the weight of the colours."""
    diagonal = math.hypot(*matte.shape)
    radius = max(1, round(WINDOW_OF_DIAGONAL * diagonal))
    band_px = max(1, round(BAND_OF_DIAGONAL * diagonal))
    band = (make_trimap(matte, band_px=band_px) == UNKNOWN).astype(np.float32)
    coefficients, explained = fit_to_colour(guide, matte, radius=radius, epsilon=COLOUR_EPSILON)
    weight = box_mean(band, band_px) * box_mean(_smoothstep(explained, DISTRUSTED_FIT, TRUSTED_FIT), radius)
    return np.dstack((coefficients, matte, weight))


def _smoothstep(values: Plane, low: float, high: float) -> Plane:
    """Return 0 up to `low`, 1 from `high`, and a smooth way between."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def _apply(fit: Planes, picture: Rgb8) -> Matte:
    """Return the refined matte of a strip: colours by their weight, else the network's matte; no haze."""
    unit = np.multiply(picture, np.float32(1 / 255))
    fitted = np.einsum("hwc,hwc->hw", fit[..., :3], unit) + fit[..., 3]
    plain, weight = fit[..., 4], fit[..., 5]
    blended = plain + weight * (fitted - plain)
    without_haze = np.clip((blended - HAZE) / (1 - 2 * HAZE), 0, 1)
    return np.asarray(without_haze * np.minimum(plain / DOUBTFUL, 1), dtype=np.float32)


def _to_8_bits(matte: Matte) -> Alpha8:
    return np.asarray(cv2.convertScaleAbs(matte, alpha=255), dtype=np.uint8)
