"""Brings the network's matte to the photo's own size and edges.

Inside the unknown band the matte follows the photo's colours (guided_filter.py), fitted on a small copy and applied
at full size; elsewhere it is the network's. Nothing of the photo's size is held in floating point.
"""

import math

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Matte, Planes, Rgb8
from processing.matting.guided_filter import box_mean, fit_to_colour
from processing.matting.resample import enlarged_rows, resized, resized_to_unit, working_size
from processing.matting.strips import row_strips
from processing.matting.trimap import UNKNOWN, make_trimap

WORKING_PIXELS = 1_000_000
# Window and band in parts of the working copy's diagonal.
WINDOW_OF_DIAGONAL = 0.005
BAND_OF_DIAGONAL = 0.003
COLOUR_EPSILON = 1e-4
# Haze: a fit spreads a little of the foreground over the background around it, and the reverse.
HAZE = 0.04
# Where the network itself saw less than this, the fit may not add much.
DOUBTFUL = 0.2


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


def _fit(guide: Planes, matte: Matte) -> Planes:
    """Return (height, width, 6): the colour coefficients a and b, the plain matte, the weight of the band."""
    diagonal = math.hypot(*matte.shape)
    radius = max(1, round(WINDOW_OF_DIAGONAL * diagonal))
    band_px = max(1, round(BAND_OF_DIAGONAL * diagonal))
    band = (make_trimap(matte, band_px=band_px) == UNKNOWN).astype(np.float32)
    coefficients = fit_to_colour(guide, matte, radius=radius, epsilon=COLOUR_EPSILON)
    return np.dstack((coefficients, matte, box_mean(band, band_px)))


def _apply(fit: Planes, picture: Rgb8) -> Matte:
    """Return the refined matte of a strip: the colour fit within the band, the network's matte outside, no haze."""
    unit = np.multiply(picture, np.float32(1 / 255))
    fitted = np.einsum("hwc,hwc->hw", fit[..., :3], unit) + fit[..., 3]
    plain, weight = fit[..., 4], fit[..., 5]
    blended = plain + weight * (fitted - plain)
    without_haze = np.clip((blended - HAZE) / (1 - 2 * HAZE), 0, 1)
    return np.asarray(without_haze * np.minimum(plain / DOUBTFUL, 1), dtype=np.float32)


def _to_8_bits(matte: Matte) -> Alpha8:
    return np.asarray(cv2.convertScaleAbs(matte, alpha=255), dtype=np.uint8)
