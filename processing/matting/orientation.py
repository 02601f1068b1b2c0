"""Turns a picture upright by its EXIF orientation (CIPA DC-008, tag 0x0112)."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]  # (height, width) or (height, width, channels)


def _transposed(pixels: Pixels) -> Pixels:
    return pixels.swapaxes(0, 1)


_UPRIGHT_FROM: Mapping[int, Callable[[Pixels], Pixels]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: _transposed,
    6: lambda pixels: _transposed(pixels)[:, ::-1],
    7: lambda pixels: _transposed(pixels)[::-1, ::-1],
    8: lambda pixels: _transposed(pixels)[::-1],
}


def turn_upright(pixels: Pixels, orientation: int) -> Pixels:
    """Return the picture as it was seen, from one stored in `orientation` 1..8."""
    return np.ascontiguousarray(_UPRIGHT_FROM[orientation](pixels))
