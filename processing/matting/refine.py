"""Brings the network's matte to the photo's own size and edges.

Everything is worked out on a small copy, as the coefficients of alpha = a . colour + b + c * network, and applied at
full size where the matte is not plainly opaque or transparent (K. He, J. Sun: Fast Guided Filter, arXiv:1505.00996,
2015): the cost follows the edge's length. Among strands the matte is solved anew (soft_matting.py); along plain
outlines it follows the colours as far as they explain the network's edge; elsewhere it is the network's.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Mask, Matte, Plane, Planes, Rgb, Rgb8
from processing.matting.fine_structure import strands
from processing.matting.guided_filter import ColourGuide, box_mean
from processing.matting.lift import lift
from processing.matting.morphology import disc, smoothstep
from processing.matting.resample import enlarged_rows, resized, resized_to_unit, working_size
from processing.matting.soft_matting import solve_matte
from processing.matting.strips import row_strips
from processing.matting.trimap import UNKNOWN, make_trimap

WORKING_PIXELS = 160_000
# Window and band in parts of the working copy's diagonal.
WINDOW_OF_DIAGONAL = 0.005
BAND_OF_DIAGONAL = 0.003
COLOUR_EPSILON = 1e-4
# Along outlines colour is followed where it explains the network's edge: not at all up to the first share, wholly from
# the second. Among textures that merely happen to lie there, the network's own outline is the better one.
DISTRUSTED_FIT = 0.5
TRUSTED_FIT = 0.9
# Haze: a fit spreads a little of the foreground over the background around it, and the reverse.
HAZE = 0.005
# Where the network itself saw less than this, colours may not add much.
DOUBTFUL = 0.05
# Beyond these nothing is left to refine.
OPAQUE, CLEAR = 0.98, 0.02
TILE_PX = 64


class _Plan(NamedTuple):
    """What to do at full size, on the working copy: alpha = a . colour + b + c * network."""

    weights: Planes  # (height, width, 5): a_r, a_g, a_b per 8-bit step; b; c
    is_active: Mask  # (height, width): where anything but plain opaque or transparent may come out
    is_opaque: Mask  # (height, width): which of the two it is elsewhere


def refine(picture: Rgb8, matte: Matte) -> Alpha8:
    """Return the alpha (height, width) of the picture, 0..255, from the network's square matte of any side."""
    size = (picture.shape[0], picture.shape[1])
    small_size = working_size(*size, WORKING_PIXELS)
    lifted = lift(matte)
    guide = resized_to_unit(picture, small_size)
    plan = _plan(guide, resized(lifted, small_size), strands(guide, matte))
    network = _no_larger_than(size, lifted)
    alpha = np.empty(size, np.uint8)

    def refine_strip(rows: slice) -> None:
        alpha[rows] = _plain_rows(plan.is_opaque, size, rows)
        active = list(_active_columns(plan.is_active, size, rows))
        if active:
            weights, plain = enlarged_rows(plan.weights, size, rows), enlarged_rows(network, size, rows)
            for columns in active:
                alpha[rows, columns] = _applied(weights[:, columns], plain[:, columns], picture[rows, columns])

    with ThreadPoolExecutor(max_workers=max(1, cv2.getNumThreads())) as pool:
        list(pool.map(refine_strip, row_strips(size[0], TILE_PX)))
    return alpha


def enlarge(matte: Matte, size: tuple[int, int]) -> Alpha8:
    """Return the network's square matte at (height, width), 0..255, by bilinear interpolation and nothing else."""
    alpha = np.empty(size, np.uint8)
    small = _no_larger_than(size, matte)
    for rows in row_strips(size[0], TILE_PX):
        alpha[rows] = _to_8_bits(enlarged_rows(small, size, rows))
    return alpha


def _no_larger_than(size: tuple[int, int], matte: Matte) -> Matte:
    return resized(matte, (min(size[0], matte.shape[0]), min(size[1], matte.shape[1])))


def _plan(guide: Rgb, matte: Matte, fine: Plane) -> _Plan:
    """Weigh the solved matte, `fine` of it, against the outline that follows colour as far as that explains it."""
    radius = max(1, round(WINDOW_OF_DIAGONAL * math.hypot(*matte.shape)))
    with ThreadPoolExecutor(max_workers=1) as beside:
        solving = beside.submit(solve_matte, guide, matte)
        colours = ColourGuide(guide, radius=radius, epsilon=COLOUR_EPSILON)
        outline_fit, explained = colours.fit(matte)
        outline_weight = _outline_weight(matte, explained, radius)
        solved = solving.result()
    strand_fit = colours.fit(solved).coefficients
    share = fine[..., np.newaxis]
    coefficients = share * strand_fit + (1 - share) * outline_weight * outline_fit
    weights = np.dstack((coefficients, (1 - share) * (1 - outline_weight)))
    weights[..., 3] -= HAZE
    weights /= 1 - 2 * HAZE
    weights[..., :3] /= 255
    possible = np.where(fine > 0, solved, matte)
    low, high = cv2.erode(np.minimum(matte, possible), disc(1)), cv2.dilate(np.maximum(matte, possible), disc(1))
    return _Plan(weights, (high > CLEAR) & (low < OPAQUE), matte > OPAQUE)


def _outline_weight(matte: Matte, explained: Plane, radius: int) -> Planes:
    """Return how far to go by colours along plain outlines (height, width, 1), 0..1."""
    band_px = max(1, round(BAND_OF_DIAGONAL * math.hypot(*matte.shape)))
    band = (make_trimap(matte, band_px=band_px) == UNKNOWN).astype(np.float32)
    weight = box_mean(band, band_px) * box_mean(smoothstep(explained, DISTRUSTED_FIT, TRUSTED_FIT), radius)
    return weight[..., np.newaxis]


def _plain_rows(is_opaque: Mask, size: tuple[int, int], rows: slice) -> Alpha8:
    """Return one row, 0 or 255, that holds for all of the strip's tiles without activity."""
    row = (rows.start + rows.stop) * is_opaque.shape[0] // (2 * size[0])
    columns = np.arange(size[1]) * is_opaque.shape[1] // size[1]
    return np.where(is_opaque[row, columns], np.uint8(255), np.uint8(0))


def _active_columns(is_active: Mask, size: tuple[int, int], rows: slice) -> Iterator[slice]:
    """Yield the runs of tiles of this strip in which anything but 0 or 255 may come out."""
    seen = np.any(is_active[_covering(rows.start, rows.stop, size[0], is_active.shape[0])], axis=0, keepdims=True)[0]
    first: int | None = None
    for tile in row_strips(size[1], TILE_PX):
        if seen[_covering(tile.start, tile.stop, size[1], is_active.shape[1])].any():
            first = tile.start if first is None else first
        elif first is not None:
            yield slice(first, tile.start)
            first = None
    if first is not None:
        yield slice(first, size[1])


def _covering(start: int, stop: int, large: int, small: int) -> slice:
    """Return which of `small` pixels the enlargement of start..stop of `large` reads."""
    return slice(max(0, start * small // large - 1), -(-stop * small // large) + 1)


def _applied(weights: Planes, network: Matte, picture: Rgb8) -> Alpha8:
    """Return the refined alpha of a block, (height, width)."""
    a_r, a_g, a_b, b, c = cv2.split(np.ascontiguousarray(weights))
    red, green, blue = cv2.split(np.ascontiguousarray(picture))
    alpha = a_r * red + a_g * green + a_b * blue + b + c * network
    return _to_8_bits(np.clip(alpha, 0, 1) * np.minimum(network * np.float32(1 / DOUBTFUL), 1))


def _to_8_bits(matte: Plane) -> Alpha8:
    return np.asarray(cv2.convertScaleAbs(matte, alpha=255), dtype=np.uint8)
