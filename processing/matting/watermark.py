"""Writes TEST all over a picture, in letters and rings of our own, so that a sample is not taken for the real thing.

The ink hides what is beneath it: a film that lets it through could be taken off again by arithmetic. It is placed by
the subject (center and size of its matte), so that calls with the same photo moved, resized, brightened, mirrored or
turned have ink at the same places of the subject, and cannot be combined into a clean picture. Letters follow a move
and a change of size; rings follow a turn and a mirror, too (docs/decisions/0011-samples.md).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from processing.matting.arrays import Alpha8, Rgb8

SAMPLE_MAX_PIXELS = 250_000
"""A sample has no more, as remove.bg's previews."""

_WORD = (
    "###.###.###.###",
    ".#..#...#....#.",
    ".#..##..###..#.",
    ".#..#.....#..#.",
    ".#..###.###..#.",
)
_LETTER, _OUTLINE = 245, 35
_ROOM_ACROSS, _ROOM_DOWN = 9, 7
_CELLS_ACROSS_SUBJECT = 36
_LEAST_CELLS_A_SIDE, _MOST_CELLS_A_SIDE = 30, 160
_RING_EVERY, _RING_WIDTH = 18, 5
"""Of the rings around the subject's center, in cells."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where the ink is placed: the center of a subject, and the side of one cell of the letters, in pixels."""

    x: float
    y: float
    cell: float


def anchor_of(alpha: Alpha8) -> Anchor:
    """Return the anchor of the subject in a matte; that of the whole picture where there is no subject."""
    height, width = alpha.shape
    moments = cv2.moments(alpha)
    area = moments["m00"] / 255
    x, y, side = width / 2, height / 2, math.sqrt(width * height)
    if area >= 1:
        x, y, side = moments["m10"] / moments["m00"] + 0.5, moments["m01"] / moments["m00"] + 0.5, math.sqrt(area)
    shorter = min(height, width)
    cell = min(max(side / _CELLS_ACROSS_SUBJECT, shorter / _MOST_CELLS_A_SIDE), shorter / _LEAST_CELLS_A_SIDE)
    return Anchor(x, y, max(1.0, cell))


def write_test_over(rgb: Rgb8, alpha: Alpha8 | None, anchor: Anchor) -> tuple[Rgb8, Alpha8 | None]:
    """Return the picture and its straight alpha (None: opaque) with the word over them, seen even where nothing was."""
    ink = _ink((rgb.shape[0], rgb.shape[1]), anchor)
    is_written = ink > 0
    marked = np.where(is_written[..., np.newaxis], ink[..., np.newaxis], rgb).astype(np.uint8)
    return marked, None if alpha is None else np.where(is_written, np.uint8(255), alpha)


def write_test_over_grey(grey: Alpha8, anchor: Anchor) -> Alpha8:
    """Return the matte with the word over it."""
    ink = _ink((grey.shape[0], grey.shape[1]), anchor)
    return np.asarray(np.where(ink > 0, ink, grey), np.uint8)


def _ink(size: tuple[int, int], anchor: Anchor) -> Alpha8:
    """Return a grey picture (height, width) of words in rows and of rings; 0 where there is no ink."""
    down = (np.arange(size[0], dtype=np.float32) + 0.5 - anchor.y) / anchor.cell
    across = (np.arange(size[1], dtype=np.float32) + 0.5 - anchor.x) / anchor.cell
    letters = _letters(down, across)
    around = cv2.dilate(letters, np.ones((3, 3), np.uint8), iterations=max(1, int(anchor.cell) // 3))
    rings = np.hypot(down[:, np.newaxis], across[np.newaxis, :]) % _RING_EVERY < _RING_WIDTH
    return np.asarray(np.maximum((around | rings) * np.uint8(_OUTLINE), letters * np.uint8(_LETTER)), np.uint8)


def _letters(down: NDArray[np.float32], across: NDArray[np.float32]) -> Alpha8:
    """Return 1 where a letter is and 0 elsewhere, for places in cells from the anchor."""
    rows = _two_rows()
    row, column = (np.floor(places).astype(np.intp) for places in (down, across))
    return np.asarray(rows[row[:, np.newaxis] % rows.shape[0], column[np.newaxis, :] % rows.shape[1]], np.uint8)


def _two_rows() -> NDArray[np.uint8]:
    word = np.array([[cell == "#" for cell in row] for row in _WORD], np.uint8)
    row = np.pad(word, ((_ROOM_DOWN // 2, _ROOM_DOWN - _ROOM_DOWN // 2), (_ROOM_ACROSS // 2, _ROOM_ACROSS // 2)))
    return np.vstack([row, np.roll(row, row.shape[1] // 2, axis=1)])
