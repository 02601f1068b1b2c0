"""Finds the subject's bounds in a cutout, and makes a cutout smaller."""

import cv2
import numpy as np
from cv2.typing import MatLike

from processing.matting.arrays import Alpha8, Plane, Planes, Rgb8
from processing.matting.layout import Box
from processing.matting.resample import area_weights
from processing.matting.strips import row_strips

# What is fainter than this is noise: it does not widen the crop.
CROP_MIN_ALPHA = 26
_ROWS_AT_ONCE = 16
_TINY = 1e-6


def subject_box(alpha: Alpha8) -> Box | None:
    """Return the smallest rectangle around all that is at least CROP_MIN_ALPHA; None where there is none."""
    left, top, width, height = cv2.boundingRect((alpha >= CROP_MIN_ALPHA).view(np.uint8))
    return Box(left, top, width, height) if width else None


def shrink(rgb: Rgb8, alpha: Alpha8, size: tuple[int, int]) -> tuple[Rgb8, Alpha8]:
    """Return the cutout at (height, width), each at most what it is.

    Colours are averaged by how much of them is seen (premultiplied), so that hidden ones do not bleed in.
    """
    height = alpha.shape[0]
    if alpha.shape == size:
        return rgb, alpha
    small_rgb, small_alpha = np.empty((*size, 3), np.uint8), np.empty(size, np.uint8)
    for rows in row_strips(size[0], max(1, size[0] * _ROWS_AT_ONCE // height)):
        covered, weights = area_weights(height, size[0], rows)
        small_rgb[rows], small_alpha[rows] = _averaged(rgb[covered], alpha[covered], weights, size[1])
    return small_rgb, small_alpha


def shrink_opaque(rgb: Rgb8, size: tuple[int, int]) -> Rgb8:
    """Return the picture at (height, width), each at most what it is, averaged over the area."""
    height, width = size
    return np.asarray(cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _averaged(rgb: Rgb8, alpha: Alpha8, weights: Plane, width: int) -> tuple[Planes, Plane]:
    """Return the rows that the weights (rows after, rows before) make of these, `width` wide, rounded."""
    seen = cv2.multiply(rgb, cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGB), dtype=cv2.CV_32F)
    mean_seen = _product(weights, _narrowed(seen, width)).reshape(-1, width, 3)
    mean_opacity = _product(weights, _narrowed(alpha.astype(np.float32), width))
    straight = mean_seen / np.maximum(mean_opacity, _TINY)[..., np.newaxis]
    return np.rint(straight.clip(0, 255)), np.rint(mean_opacity)


def _narrowed(rows: MatLike, width: int) -> Planes:
    """Return the rows averaged over the area to `width` pixels, channels in a line: (rows, width * channels)."""
    narrow = cv2.resize(rows, (width, rows.shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(narrow, dtype=np.float32).reshape(rows.shape[0], -1)


def _product(left: Plane, right: Plane) -> Plane:
    """Multiply by OpenCV: numpy's product wakes all processors for so small a matrix, and waits for them."""
    nothing = np.empty(0, np.float32)
    return np.asarray(cv2.gemm(left, right, 1, nothing, 0), dtype=np.float32)
