"""Changes the size of planes: down by area, up by bilinear interpolation, up also by strips of rows."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from processing.matting.arrays import Alpha8, Plane, Planes, Rgb8


def working_size(height: int, width: int, max_pixels: int) -> tuple[int, int]:
    """Return (height, width) of the picture scaled to at most `max_pixels`, never enlarged, at least 1 a side."""
    scale = min(1.0, math.sqrt(max_pixels / (height * width)))
    return max(1, round(height * scale)), max(1, round(width * scale))


def resized(planes: Planes | Rgb8 | Alpha8, size: tuple[int, int]) -> Planes:
    """Return the planes at (height, width): averaged over the area where they shrink, bilinear where they grow."""
    height, width = size
    # First what shrinks, then what grows: asked for both at once, OpenCV leaves the averaging out.
    shrunk = (min(width, planes.shape[1]), min(height, planes.shape[0]))
    averaged = cv2.resize(halved(planes, size), shrunk, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(averaged, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


def halved(planes: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return the planes halved, by the mean of each four pixels, as often as they divide and stay at least `size`.

    An exact half is many times faster than any other share; what remains to shrink is then little.
    """
    while all(now % 2 == 0 and now >= 2 * wished for now, wished in zip(planes.shape, size, strict=False)):
        half = (planes.shape[1] // 2, planes.shape[0] // 2)
        planes = np.asarray(cv2.resize(planes, half, interpolation=cv2.INTER_AREA), planes.dtype)
    return planes


def resized_to_unit(pixels: Rgb8 | Alpha8, size: tuple[int, int]) -> Planes:
    """Return 8-bit pixels at (height, width) on the scale 0..1."""
    return np.multiply(resized(pixels, size), np.float32(1 / 255))


def enlarged_rows(small: Planes, size: tuple[int, int], rows: slice) -> Planes:
    """Return those rows of `small` enlarged to `size` (height, width) by bilinear interpolation.

    The same numbers as enlarging everything and cutting the rows out, without the memory for it.
    """
    height, width = size
    last = small.shape[0] - 1
    blended = np.empty((rows.stop - rows.start, *small.shape[1:]), np.float32)
    for index, row in enumerate(range(rows.start, rows.stop)):
        centre = min(max((row + 0.5) * (small.shape[0] / height) - 0.5, 0), last)
        above = int(centre)
        weight = centre - above
        cv2.addWeighted(small[above], 1 - weight, small[min(above + 1, last)], weight, 0, dst=blended[index])
    stretched = cv2.resize(blended, (width, rows.stop - rows.start), interpolation=cv2.INTER_LINEAR)
    return np.asarray(stretched, dtype=np.float32)


def area_weights(before: int, after: int, rows: slice) -> tuple[slice, Plane]:
    """Return which of `before` rows lie under those of `after` rows (fewer, or as many), and how much each counts.

    The weights (rows after, rows before) are the shares of each row's area: INTER_AREA, for some of the rows only.
    """
    scale = before / after
    covered = slice(math.floor(rows.start * scale), min(before, math.ceil(rows.stop * scale)))
    upper = np.arange(rows.start, rows.stop)[:, np.newaxis] * scale
    old = np.arange(covered.start, covered.stop)
    overlap = np.minimum(old + 1, upper + scale) - np.maximum(old, upper)
    return covered, np.asarray(overlap.clip(0) / scale, dtype=np.float32)
