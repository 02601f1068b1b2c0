"""Turns a picture upright by its EXIF orientation (CIPA DC-008, tag 0x0112)."""

from collections.abc import Callable, Mapping

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width) or (height, width, channels)

_ROWS_TURNED, _COLUMNS_TURNED, _BOTH_TURNED = 0, 1, -1

_UPRIGHT_FROM: Mapping[int, Callable[[Pixels], MatLike]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: cv2.flip(pixels, _COLUMNS_TURNED),
    3: lambda pixels: cv2.flip(pixels, _BOTH_TURNED),
    4: lambda pixels: cv2.flip(pixels, _ROWS_TURNED),
    5: cv2.transpose,
    6: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_CLOCKWISE),
    7: lambda pixels: cv2.flip(cv2.transpose(pixels), _BOTH_TURNED),
    8: lambda pixels: cv2.rotate(pixels, cv2.ROTATE_90_COUNTERCLOCKWISE),
}


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return the picture as it was seen, from one stored in `orientation` 1..8, in an array of its own order."""
    return np.ascontiguousarray(_UPRIGHT_FROM[orientation](pixels), dtype=np.uint8)
