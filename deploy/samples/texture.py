"""Smooth noise, for wood, glaze and leaves."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]
_SIDE = 256
_LATTICE = np.random.default_rng(7).random((_SIDE, _SIDE), dtype=np.float32)


def noise(x: Values, y: Values, *, layers: int = 3) -> Values:
    """Return values around 0.5 that change smoothly with x and y, with finer and fainter layers on top."""
    total, weight, scale = np.zeros_like(x, dtype=np.float32), 0.0, 1.0
    for layer in range(layers):
        total += _smooth(x * scale + 17 * layer, y * scale + 31 * layer) / np.float32(scale)
        weight += 1 / scale
        scale *= 2
    return total / np.float32(weight)


def _smooth(x: Values, y: Values) -> Values:
    left, low = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = x - left, y - low
    u, v = u * u * (3 - 2 * u), v * v * (3 - 2 * v)

    def at(i: int, j: int) -> Values:
        return _LATTICE[(left + i) % _SIDE, (low + j) % _SIDE]

    bottom = at(0, 0) * (1 - u) + at(1, 0) * u
    top = at(0, 1) * (1 - u) + at(1, 1) * u
    return np.asarray(bottom * (1 - v) + top * v, dtype=np.float32)
