"""Splits a matte into what is known and what is not: foreground, background, and the unknown band between them."""

import cv2
import numpy as np

from processing.matting.arrays import Mask, Matte, Trimap

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
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * band_px + 1, 2 * band_px + 1))
    return np.asarray(cv2.erode(mask.astype(np.uint8), kernel), dtype=np.bool_)
