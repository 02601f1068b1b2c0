"""Fits the matte locally as a linear function of colour: alpha = a . I + b in every window.

K. He, J. Sun, X. Tang: Guided Image Filtering, TPAMI 35(6), 2013 (the colour guide, section 3.4);
K. He, J. Sun: Fast Guided Filter, arXiv:1505.00996, 2015 (coefficients from a small copy, applied at full size).
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np

from processing.matting.arrays import Matte, Plane, Planes, Rgb
from processing.matting.strips import row_strips

# A window in which the matte varies less than this (variance) has nothing to explain.
_FLAT_MATTE = 1e-3


class ColourFit(NamedTuple):
    """`coefficients` (height, width, 4): a_r, a_g, a_b and b of matte = a . colour + b, smoothed over the window.

    `explained` (height, width), 0..1: the share of the matte's variance in the window that the fit accounts for.
    """

    coefficients: Planes
    explained: Plane


class ColourGuide:
    """A picture to which mattes are fitted in square windows of one radius.

    `guide` is (height, width, 3), 0..1; `epsilon` the variance of colour, on that scale, below which a window counts as
    flat. What depends on the picture alone is worked out once.
    """

    def __init__(self, guide: Rgb, *, radius: int, epsilon: float) -> None:
        self._radius = radius
        self._guide = np.ascontiguousarray(guide)
        self._channels = split(self._guide)
        self._means = split(box_mean(self._guide, radius))
        self._inverse = _inverted(self._covariances(), epsilon)

    def fit(self, matte: Matte) -> ColourFit:
        """Fit the matte (height, width), 0..1, to the colours around each pixel."""
        mean, covariance, slope, offset = self._solved(matte)
        variance = box_mean(matte * matte, self._radius) - mean * mean
        explained = _dot(slope, covariance) / (variance + np.float32(_FLAT_MATTE))
        return ColourFit(self._smoothed(slope, offset), np.clip(explained, 0, 1))

    def filtered(self, matte: Matte) -> Matte:
        """Return the matte as its local fits see it: the guided filter, linear in the matte."""
        _, _, slope, offset = self._solved(matte)
        *smooth_slope, smooth_offset = split(self._smoothed(slope, offset))
        return np.asarray(_dot(tuple(smooth_slope), self._channels) + smooth_offset, np.float32)

    def _covariances(self) -> tuple[Plane, ...]:
        """Return the six different entries rr, rg, rb, gg, gb, bb of each window's colour covariance."""
        pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
        return tuple(
            box_mean(self._channels[i] * self._channels[j], self._radius) - self._means[i] * self._means[j]
            for i, j in pairs
        )

    def _solved(self, matte: Matte) -> tuple[Plane, tuple[Plane, ...], tuple[Plane, ...], Plane]:
        """Return the matte's mean, its covariance with the colours, and the fit's slope and offset in each window."""
        *means_of_products, mean = split(self._smoothed(tuple(channel * matte for channel in self._channels), matte))
        covariance = tuple(
            product - mean * colour for product, colour in zip(means_of_products, self._means, strict=True)
        )
        rr, rg, rb, gg, gb, bb = self._inverse
        slope = (_dot((rr, rg, rb), covariance), _dot((rg, gg, gb), covariance), _dot((rb, gb, bb), covariance))
        return mean, covariance, slope, mean - _dot(slope, self._means)

    def _smoothed(self, slope: tuple[Plane, ...], offset: Plane) -> Planes:
        return box_mean(np.asarray(cv2.merge((*slope, offset)), np.float32), self._radius)


def box_mean(planes: Planes, radius: int) -> Planes:
    """Return the mean over the square window of that radius, the border reflected; channels apart."""
    height, width = planes.shape[:2]
    # No wider than the picture and its reflections: a wider window sees them again, and pads immensely.
    window = (2 * min(radius, width) + 1, 2 * min(radius, height) + 1)
    mean = cv2.blur(planes, window, borderType=cv2.BORDER_REFLECT)
    return np.asarray(mean, dtype=np.float32)


def split(planes: Planes) -> tuple[Plane, ...]:
    """Return the channels of (height, width, n) as n contiguous planes."""
    return tuple(np.asarray(plane, np.float32) for plane in cv2.split(planes))


def _inverted(sigma: tuple[Plane, ...], epsilon: float) -> tuple[Plane, ...]:
    """Return the six different entries of (sigma + epsilon I)^-1 in each pixel, by cofactors.

    In double precision: where colours are nearly flat the cofactors cancel. By strips, which stay in the cache.
    """
    inverse = tuple(np.empty_like(entry) for entry in sigma)

    def invert(rows: slice) -> None:
        rr, rg, rb, gg, gb, bb = (entry[rows].astype(np.float64) for entry in sigma)
        rr, gg, bb = rr + epsilon, gg + epsilon, bb + epsilon
        cofactors = (
            gg * bb - gb * gb,
            gb * rb - rg * bb,
            rg * gb - gg * rb,
            rr * bb - rb * rb,
            rb * rg - rr * gb,
            rr * gg - rg * rg,
        )
        determinant = rr * cofactors[0] + rg * cofactors[1] + rb * cofactors[2]
        for entry, cofactor in zip(inverse, cofactors, strict=True):
            np.divide(cofactor, determinant, out=entry[rows], casting="same_kind")

    with ThreadPoolExecutor(max_workers=max(1, cv2.getNumThreads())) as pool:
        list(pool.map(invert, row_strips(sigma[0].shape[0])))
    return inverse


def _dot(left: tuple[Plane, ...], right: tuple[Plane, ...]) -> Plane:
    """Return the scalar product in each pixel."""
    total = left[0] * right[0]
    total += left[1] * right[1]
    total += left[2] * right[2]
    return np.asarray(total, np.float32)
