"""Fits the matte locally as a linear function of colour.

K. He, J. Sun, X. Tang: Guided Image Filtering, TPAMI 35(6), 2013 (the colour guide, section 3.4);
K. He, J. Sun: Fast Guided Filter, arXiv:1505.00996, 2015 (coefficients from a small copy, applied at full size).
"""

from typing import NamedTuple

import cv2
import numpy as np

from processing.matting.arrays import Matte, Plane, Planes, Rgb

# A window in which the matte varies less than this (variance) has nothing to explain.
_FLAT_MATTE = 1e-3


class ColourFit(NamedTuple):
    """`coefficients` (height, width, 4): a_r, a_g, a_b and b of matte = a . colour + b, smoothed over the window.

    `explained` (height, width), 0..1: the share of the matte's variance in the window that the fit accounts for.
    """

    coefficients: Planes
    explained: Plane


def box_mean(planes: Planes, radius: int) -> Planes:
    """Return the mean over the square window of that radius, the border reflected; channels apart."""
    height, width = planes.shape[:2]
    # No wider than the picture and its reflections: a wider window sees them again, and pads immensely.
    window = (2 * min(radius, width) + 1, 2 * min(radius, height) + 1)
    mean = cv2.blur(planes, window, borderType=cv2.BORDER_REFLECT)
    return np.asarray(mean, dtype=np.float32)


def fit_to_colour(guide: Rgb, matte: Matte, *, radius: int, epsilon: float) -> ColourFit:
    """Fit the matte (height, width) to the guide's colours in the window of that radius around each pixel.

    `epsilon` is the variance of colour, on the 0..1 scale, below which a window counts as flat.
    """
    mean_guide = box_mean(guide, radius)
    mean_matte = box_mean(matte, radius)
    covariance = box_mean(guide * matte[..., np.newaxis], radius) - mean_guide * mean_matte[..., np.newaxis]
    slope = _solve(_colour_covariance(guide, mean_guide, radius), covariance, epsilon)
    offset = mean_matte - np.einsum("hwc,hwc->hw", slope, mean_guide)
    variance = box_mean(matte * matte, radius) - mean_matte * mean_matte
    explained = np.einsum("hwc,hwc->hw", slope, covariance) / (variance + np.float32(_FLAT_MATTE))
    return ColourFit(box_mean(np.dstack((slope, offset)), radius), np.clip(explained, 0, 1))


def _colour_covariance(guide: Rgb, mean_guide: Rgb, radius: int) -> Planes:
    """Return the six different entries rr, rg, rb, gg, gb, bb of each window's colour covariance."""
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    entries = [
        box_mean(guide[..., i] * guide[..., j], radius) - mean_guide[..., i] * mean_guide[..., j] for i, j in pairs
    ]
    return np.dstack(entries)


def _solve(sigma: Planes, right: Planes, epsilon: float) -> Planes:
    """Solve (sigma + epsilon I) x = right in each pixel by Cramer's rule."""
    rr, rg, rb, gg, gb, bb = np.moveaxis(sigma.astype(np.float64), -1, 0)
    rr, gg, bb = rr + epsilon, gg + epsilon, bb + epsilon
    inv_rr, inv_rg, inv_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    inv_gg, inv_gb, inv_bb = rr * bb - rb * rb, rb * rg - rr * gb, rr * gg - rg * rg
    determinant = rr * inv_rr + rg * inv_rg + rb * inv_rb
    x, y, z = np.moveaxis(right, -1, 0)
    solution = np.dstack(
        (
            inv_rr * x + inv_rg * y + inv_rb * z,
            inv_rg * x + inv_gg * y + inv_gb * z,
            inv_rb * x + inv_gb * y + inv_bb * z,
        )
    )
    return np.asarray(solution / determinant[..., np.newaxis], dtype=np.float32)
