"""Writes TEST all over a picture, in letters of our own, so that a sample is not taken for the real thing.

The letters hide what is beneath them: a film that lets it through could be taken off again by arithmetic.
"""

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
_CELLS_A_SIDE = 72


def write_test_over(rgb: Rgb8, alpha: Alpha8 | None) -> tuple[Rgb8, Alpha8 | None]:
    """Return the picture and its straight alpha (None: opaque) with the word over them, seen even where nothing was."""
    ink = _ink((rgb.shape[0], rgb.shape[1]))
    is_written = ink > 0
    marked = np.where(is_written[..., np.newaxis], ink[..., np.newaxis], rgb).astype(np.uint8)
    return marked, None if alpha is None else np.where(is_written, np.uint8(255), alpha)


def write_test_over_grey(grey: Alpha8) -> Alpha8:
    """Return the matte with the word over it."""
    ink = _ink((grey.shape[0], grey.shape[1]))
    return np.asarray(np.where(ink > 0, ink, grey), np.uint8)


def _ink(size: tuple[int, int]) -> Alpha8:
    """Return a grey picture (height, width) of words in rows, each second one shifted; 0 where there is no letter."""
    height, width = size
    cell = max(1, round(min(size) / _CELLS_A_SIDE))
    letters = np.kron(_two_rows(), np.ones((cell, cell), np.uint8))
    times = -(-height // letters.shape[0]), -(-width // letters.shape[1])
    letters = np.tile(letters, times)[:height, :width]
    around = cv2.dilate(letters, np.ones((3, 3), np.uint8), iterations=max(1, cell // 3))
    return np.asarray(np.maximum(around * _OUTLINE, letters * _LETTER), np.uint8)


def _two_rows() -> NDArray[np.uint8]:
    word = np.array([[cell == "#" for cell in row] for row in _WORD], np.uint8)
    row = np.pad(word, ((_ROOM_DOWN // 2, _ROOM_DOWN - _ROOM_DOWN // 2), (_ROOM_ACROSS // 2, _ROOM_ACROSS // 2)))
    return np.vstack([row, np.roll(row, row.shape[1] // 2, axis=1)])
