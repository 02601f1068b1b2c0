"""Splits a matte into what is known and what is not: foreground, background, and the unknown band between them."""

import cv2
import numpy as np

from processing.matting.arrays import Mask, Matte, Trimap
from processing.matting.morphology import disc

FOREGROUND, UNKNOWN, BACKGROUND = 255, 128, 0
# Beyond these the network is taken at its word.
SURE_FOREGROUND = 0.95
SURE_BACKGROUND = 0.05


def make_trimap(matte: Matte, *, band_px: int) -> Trimap:
    """Return FOREGROUND, BACKGROUND, and UNKNOWN for soft pixels and all that lies within `band_px` of an edge."""
    trimap = np.full(matte.shape, UNKNOWN, np.uint8)
    trimap[_shrunk(matte >= SURE_FOREGROUND, band_px)] = FOREGROUND
    trimap[_shrunk(matte <= SURE_BACKGROUND, band_px)] = BACKGROUND
    return trimap


def _shrunk(mask: Mask, band_px: int) -> Mask:
    """Return the pixels with nothing but mask within `band_px`; what lies beyond the picture does not count."""
    return np.asarray(cv2.erode(mask.astype(np.uint8), disc(band_px)), dtype=np.bool_)
