"""Shapes for erosion and dilation, and the smooth step between two thresholds."""

import cv2
import numpy as np
from numpy.typing import NDArray

from processing.matting.arrays import Plane


def disc(radius: int) -> NDArray[np.uint8]:
    """Return the structuring element of all pixels within `radius` (px)."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def smoothstep(values: Plane, low: float, high: float) -> Plane:
    """Return 0 up to `low`, 1 from `high`, and the cubic 3 t^2 - 2 t^3 between."""
    t = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)
