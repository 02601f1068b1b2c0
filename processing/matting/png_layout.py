"""How a PNG stores its pixels (W3C PNG, third edition, 4.5 and 11.2), and which of them are missing or transparent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from processing.matting.arrays import Alpha8
from processing.matting.deflate import inflates_to
from processing.matting.errors import UnreadableImage
from processing.matting.strips import row_strips

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6

_CHANNELS = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
# First column, first row, and steps across and down of the seven Adam7 passes.
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class PngLayout:
    """The header of a PNG with its compressed pixels; `color_type` is that of the header.

    `transparent_sample` is the color that tRNS makes transparent, one number a channel, within `bit_depth` bits.
    """

    width: int
    height: int
    bit_depth: int
    color_type: int
    is_interlaced: bool
    transparent_sample: tuple[int, ...] | None
    compressed: Sequence[memoryview]

    @property
    def is_gray(self) -> bool:
        """Whether a color profile has to be one of gray."""
        return self.color_type in (GRAY, GRAY_ALPHA)

    def lacks_rows(self, picture: Image.Image) -> bool:
        """Whether the compressed data end before the last row, which Pillow leaves black without a word.

        Inflates once more, but only where the last row is black, or the picture is interlaced.
        """
        last_row = picture.crop((0, self.height - 1, self.width, self.height))
        if not self.is_interlaced and np.asarray(last_row).any():
            return False
        return not inflates_to(self.compressed, self._filtered_bytes)

    @property
    def _filtered_bytes(self) -> int:
        if not self.is_interlaced:
            return self.height * self._row_bytes(self.width)
        sizes = [
            (-(-(self.width - left) // across), -(-(self.height - top) // down)) for left, top, across, down in _ADAM7
        ]
        return sum(height * self._row_bytes(width) for width, height in sizes if width > 0 and height > 0)

    def _row_bytes(self, width: int) -> int:
        return 1 + -(-width * _CHANNELS.get(self.color_type, 0) * self.bit_depth // 8)


def keyed_alpha(layout: PngLayout, picture: Image.Image, data: bytes) -> Alpha8 | None:
    """Return 0 where the decoded `picture` of the file `data` has the transparent color, else 255; None without one."""
    key = layout.transparent_sample
    if key is None:
        return None
    samples = _stored_samples(layout, picture, data)
    alpha = np.empty(samples.shape[:2], np.uint8)
    for rows in row_strips(layout.height):
        is_key = (samples[rows].reshape(-1, layout.width, len(key)) == key).all(axis=2)
        alpha[rows] = np.where(is_key, 0, 255)
    return alpha


def _stored_samples(layout: PngLayout, picture: Image.Image, data: bytes) -> NDArray[np.integer[Any]]:
    """Return the samples as stored, from 0 to 2 ** bit_depth - 1."""
    if layout.color_type == RGB and layout.bit_depth == 16:
        return _samples_of_16_bit_color(data)
    if layout.bit_depth < 8:  # Pillow widens them to 0..255
        return np.asarray(picture.convert("L")) >> (8 - layout.bit_depth)
    return np.asarray(picture)


def _samples_of_16_bit_color(data: bytes) -> NDArray[np.uint16]:
    """Decode with OpenCV, since Pillow keeps the upper 8 bits only."""
    samples = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR_RGB)
    if samples is None or samples.dtype != np.uint16:
        raise UnreadableImage
    return samples.astype(np.uint16, copy=False)
