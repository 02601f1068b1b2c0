"""Finds JPEGs of which a large part is missing, where libjpeg fills in gray and only warns."""

import re

import numpy as np
from PIL import Image

from processing.matting.file_parts import damaged
from processing.matting.jpeg_pixels import find_warning

MAX_MISSING_SHARE = 0.10
"""Of the picture's blocks; up to this a damaged JPEG is accepted."""

_BLOCK = 8
# What a block without coefficients is decoded to, and how far the ones of a progressive JPEG may be refined off it.
_FILL, _FILL_TOLERANCE = 128, 2
# The warnings of libjpeg (jerror.h) after which blocks may be missing. Surplus bytes elsewhere do no harm.
_LOSES_BLOCKS = re.compile(r"premature end|bad Huffman|bad arithmetic|instead of RST|before marker 0xd[0-7]", re.I)


def refuse_missing_blocks(picture: Image.Image, data: bytes) -> None:
    """Raise UnreadableImage if more than MAX_MISSING_SHARE of a decoded JPEG is fill, and libjpeg says why."""
    if _fill_share(picture) > MAX_MISSING_SHARE and _LOSES_BLOCKS.search(find_warning(data, picture.mode) or ""):
        raise damaged()


def _fill_share(picture: Image.Image) -> float:
    blocks = np.asarray(picture.reduce(_BLOCK), np.int16).reshape(-1, len(picture.getbands()))
    return float((np.abs(blocks - _FILL) <= _FILL_TOLERANCE).all(axis=1).mean())
