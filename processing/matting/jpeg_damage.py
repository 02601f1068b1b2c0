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
# The warnings of libjpeg (jerror.h) after which blocks may be missing. Surplus bytes do harm only where restarts are
# due.
_LOSES_BLOCKS = re.compile(r"premature end|bad Huffman|bad arithmetic|instead of RST|before marker 0xd[0-7]", re.I)
_LOSES_BLOCKS_OF_RESTARTS = re.compile(rf"{_LOSES_BLOCKS.pattern}|extraneous bytes", re.I)
_RESTARTS = re.compile(rb"\xff\xdd\x00\x04(?!\x00\x00)")
# Zeros in place of lost data, as disks and downloads have them, are decoded to blocks of one pattern.
_ZEROS = re.compile(rb"\x00{512,}")


def refuse_missing_blocks(picture: Image.Image, data: bytes) -> None:
    """Raise UnreadableImage if more than MAX_MISSING_SHARE of a JPEG is fill or zeros, and libjpeg says why."""
    missing_share = max(_fill_share(picture), sum(map(len, _ZEROS.findall(data))) / len(data))
    if missing_share <= MAX_MISSING_SHARE:
        return
    loses_blocks = _LOSES_BLOCKS_OF_RESTARTS if _RESTARTS.search(data) else _LOSES_BLOCKS
    if loses_blocks.search(find_warning(data, picture.mode) or ""):
        raise damaged()


def _fill_share(picture: Image.Image) -> float:
    blocks = np.asarray(picture.reduce(_BLOCK), np.int16).reshape(-1, len(picture.getbands()))
    return float((np.abs(blocks - _FILL) <= _FILL_TOLERANCE).all(axis=1).mean())
