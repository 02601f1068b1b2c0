"""Finds the subject's own colour F where the photo shows it mixed with the background: I = alpha F + (1 - alpha) B.

The colours of both layers are found on a small copy (layer_colours.py); at full size each soft pixel then takes them
as what to expect, and its own colour as what was seen. Only tiles that hold soft pixels are worked on, so that cost
follows the edge's length and not the picture's area.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Mask, Planes, Rgb8
from processing.matting.layer_colours import PRIOR_PER_RESIDUAL, fit_layer_colours
from processing.matting.resample import resized_to_unit, working_size
from processing.matting.strips import row_strips

WORKING_PIXELS = 250_000
# Small enough that what is computed for a tile stays in the processor's cache.
TILE_HEIGHT, TILE_WIDTH = 64, 512
# How much a pixel leans on the colours expected there, beside what their residual adds.
PIXEL_PRIOR = 0.01
# I = alpha F + (1 - alpha) B with B in 0..1 bounds F: (I - 1 + alpha) / alpha <= F <= I / alpha. Below this alpha F may
# pass the bounds, by so much more for each unit that alpha is lower: a blurred alpha puts the true F beyond them.
BOUNDED_FROM_ALPHA = np.float32(240 / 255)
ALLOWANCE_PER_ALPHA = np.float32(2)
_UNIT = np.float32(1 / 255)


def estimate_foreground(picture: Rgb8, alpha: Alpha8, opacity: Alpha8 | None = None) -> Rgb8:
    """Return the picture with the background's colour taken out of its soft pixels; opaque pixels stay as they are.

    `alpha` is the matte. `opacity` is the alpha that the picture came with, if any: the colour of its transparent
    pixels is nobody's, and counts for nothing.
    """
    foreground = picture.copy()
    tiles = list(_soft_tiles(alpha))
    if tiles:
        layers = _layers(picture, alpha, opacity)
        for tile in tiles:
            soft = _is_soft(alpha[tile]).view(np.uint8)
            own = _own_colours(picture[tile], alpha[tile], [_enlarged_tile(part, alpha.shape, tile) for part in layers])
            cv2.copyTo(own, soft, foreground[tile])
    return foreground


def _is_soft(alpha: Alpha8) -> Mask:
    """Return where alpha is neither 0 nor 255; 0 - 1 wraps round to 255, so that one comparison tells."""
    return np.asarray(alpha - np.uint8(1) < np.uint8(254))


def _soft_tiles(alpha: Alpha8) -> Iterator[tuple[slice, slice]]:
    """Yield rectangles that together hold all soft pixels, cut to the columns that do."""
    height, width = alpha.shape
    for rows in row_strips(height, TILE_HEIGHT):
        is_soft = np.asarray(_is_soft(alpha[rows]).any(axis=0))
        for left in range(0, width, TILE_WIDTH):
            soft_columns = np.flatnonzero(is_soft[left : left + TILE_WIDTH])
            if soft_columns.size:
                yield rows, slice(left + int(soft_columns[0]), left + int(soft_columns[-1]) + 1)


def _layers(picture: Rgb8, alpha: Alpha8, opacity: Alpha8 | None) -> tuple[Planes, Planes]:
    """Return what to expect, at working size: (height, width, 4) F and its prior, (height, width, 3) B; 0..1."""
    small_size = working_size(alpha.shape[0], alpha.shape[1], WORKING_PIXELS)
    weight = None if opacity is None else resized_to_unit(opacity, small_size)
    layers = fit_layer_colours(resized_to_unit(picture, small_size), resized_to_unit(alpha, small_size), weight)
    prior = PRIOR_PER_RESIDUAL * layers.residual + np.float32(PIXEL_PRIOR)
    return np.dstack((*layers.foreground, *prior)), np.dstack(tuple(layers.background))


def _enlarged_tile(small: Planes, size: tuple[int, ...], tile: tuple[slice, slice]) -> Planes:
    """Return that tile of `small` enlarged to `size` (height, width) by bilinear interpolation."""
    rows, columns = tile
    down, across = small.shape[0] / size[0], small.shape[1] / size[1]
    to_small = np.array([[across, 0, (columns.start + 0.5) * across - 0.5], [0, down, (rows.start + 0.5) * down - 0.5]])
    enlarged = cv2.warpAffine(
        small,
        to_small,
        (columns.stop - columns.start, rows.stop - rows.start),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(enlarged, dtype=np.float32)


def _own_colours(picture: Rgb8, alpha: Alpha8, expected: list[Planes]) -> Rgb8:
    """Minimise |a F + b B - I|^2 plus the prior times the squared distance of F and B from the colours expected.

    F then stays within the bounds of the compositing equation; the colour of pixels with alpha 0 is undefined.
    """
    *foreground, prior = cv2.split(expected[0])
    a = np.multiply(alpha, _UNIT)
    b = 1 - a
    gain = a / (a * a + b * b + prior)
    inverse = 1 / np.maximum(a, _UNIT)
    above = ALLOWANCE_PER_ALPHA * np.maximum(BOUNDED_FROM_ALPHA - a, 0)
    below = above + b * inverse
    own = []
    for plane, front, behind in zip(cv2.split(picture), foreground, cv2.split(expected[1]), strict=True):
        seen = np.multiply(plane, _UNIT)
        solved = front + gain * (seen - a * front - b * behind)
        unmixed = seen * inverse
        own.append(np.clip(solved, unmixed - below, unmixed + above))
    # convertScaleAbs rounds and stops at 255, but turns negative values round.
    return np.asarray(cv2.merge([cv2.convertScaleAbs(np.maximum(plane, 0), alpha=255) for plane in own]), np.uint8)
