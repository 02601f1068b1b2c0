"""Moves the cutout's pixels to where the layout wants them: cut, shrunk or enlarged, on an empty canvas."""

import math
from typing import NamedTuple

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Planes, Rgb8
from processing.matting.framing import shrink
from processing.matting.layout import Layout
from processing.matting.strips import row_strips

# What bicubic interpolation reads around a pixel, and one for rounding.
_READS_AROUND = 3
_ROWS_AT_ONCE = 64
_TINY = 1e-6


class _Span(NamedTuple):
    """Whole pixels along one axis: where they are shown on the canvas, and what of the photo is shown there."""

    shown: slice
    read: slice
    offset: float
    """Where the photo's first pixel would lie on the canvas."""
    factor: float

    def in_photo(self, shown: float) -> float:
        """Return where the centre of a canvas pixel lies among the centres of the photo's pixels."""
        return (shown + 0.5 - self.offset) / self.factor - 0.5


def place(rgb: Rgb8, alpha: Alpha8, layout: Layout) -> tuple[Rgb8, Alpha8]:
    """Return the canvas (height, width) with the cutout on it; what it does not cover is transparent black."""
    source, target, canvas = layout.source, layout.target, (layout.height, layout.width)
    rows = _span((source.top, source.height), (target.top, target.height), alpha.shape[0], layout.height)
    columns = _span((source.left, source.width), (target.left, target.width), alpha.shape[1], layout.width)
    if rows is None or columns is None:
        return np.zeros((*canvas, 3), np.uint8), np.zeros(canvas, np.uint8)
    size = _length(rows.shown), _length(columns.shown)
    read = rows.read, columns.read
    if size[0] <= _length(rows.read) and size[1] <= _length(columns.read):
        part = shrink(rgb[read], alpha[read], size)
    else:
        part = _enlarged(rgb, alpha, rows, columns)
    if size == canvas:
        return part
    canvas_rgb, canvas_alpha = np.zeros((*canvas, 3), np.uint8), np.zeros(canvas, np.uint8)
    shown = rows.shown, columns.shown
    canvas_rgb[shown], canvas_alpha[shown] = part
    return canvas_rgb, canvas_alpha


def _span(source: tuple[float, float], target: tuple[float, float], photo: int, canvas: int) -> _Span | None:
    """Return what of an axis is shown where; None where nothing is.

    `source` and `target` are begin and length, of the photo's `photo` pixels and of the canvas' `canvas` ones.
    """
    factor = target[1] / source[1]
    begin = round(target[0]) if factor == 1 else target[0]
    offset = begin - source[0] * factor
    first = max(0, round(max(begin, offset)))
    last = min(canvas, round(min(begin + target[1], offset + photo * factor)))
    if last <= first:
        # A subject thinner than a pixel is still to be seen.
        if not 0 <= first < canvas:
            return None
        last = first + 1
    read_first = min(max(0, round((first - offset) / factor)), photo - 1)
    read_last = max(min(photo, round((last - offset) / factor)), read_first + 1)
    return _Span(slice(first, last), slice(read_first, read_last), offset, factor)


def _length(part: slice) -> int:
    return int(part.stop - part.start)


def _enlarged(rgb: Rgb8, alpha: Alpha8, rows: _Span, columns: _Span) -> tuple[Rgb8, Alpha8]:
    """Return the shown part by bicubic interpolation of colours weighted by alpha, so that hidden ones stay hidden."""
    height, width = _length(rows.shown), _length(columns.shown)
    large_rgb, large_alpha = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)
    left = max(0, columns.read.start - _READS_AROUND)
    right = columns.read.stop + _READS_AROUND
    for strip in row_strips(height, _ROWS_AT_ONCE):
        first, last = rows.in_photo(rows.shown.start + strip.start), rows.in_photo(rows.shown.start + strip.stop)
        top = min(max(0, math.floor(first) - _READS_AROUND), alpha.shape[0] - 1)
        bottom = max(math.ceil(last) + _READS_AROUND, top + 1)
        small = _weighted(rgb[top:bottom, left:right], alpha[top:bottom, left:right])
        across = columns.in_photo(columns.shown.start)
        to_small = np.array([[1 / columns.factor, 0, across - left], [0, 1 / rows.factor, first - top]])
        large = cv2.warpAffine(
            small,
            to_small,
            (width, _length(strip)),
            flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        # Interpolation overshoots at an edge, in colour and alpha alike: their ratio is right before either is clipped.
        straight = large[..., :3] / np.maximum(large[..., 3], _TINY)[..., np.newaxis]
        large_rgb[strip] = np.rint(straight.clip(0, 255))
        large_alpha[strip] = np.rint((large[..., 3] * 255).clip(0, 255))
    return large_rgb, large_alpha


def _weighted(rgb: Rgb8, alpha: Alpha8) -> Planes:
    """Return (height, width, 4): colours 0..255 times alpha, and alpha 0..1."""
    opacity = alpha.astype(np.float32) / 255
    return np.dstack((rgb * opacity[..., np.newaxis], opacity))
