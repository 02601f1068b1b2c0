"""Says where the matte may be solved anew from colours: among strands, not along plain outlines.

Along a simple outline the network's own edge is right to a pixel of its size, and a solver led by colours only moves
it to the next texture. Where the network drew strands, holes and gaps it draws them too bold, and colours know better.
Gaps show in a closing (dilation, then erosion): along a simple edge, however soft, it changes nothing.
J. Serra: Image Analysis and Mathematical Morphology, 1982, chapter 2 (closing).
"""

import math

import cv2
import numpy as np

from processing.matting.arrays import Matte, Plane, Rgb
from processing.matting.guided_filter import box_mean
from processing.matting.morphology import disc, smoothstep
from processing.matting.resample import resized

# Gaps as narrow as the network can draw, averaged over this part of its side: none .. plenty.
FINEST_GAP_PX = 1
AROUND_OF_SIDE = 1 / 64
FINEST_FEW, FINEST_MANY = 0.0006, 0.002
# Gaps somewhat wider, in parts of the photo's diagonal; these also occur in plain outlines, so they count only where
# the photo is calm: its mean gradient (0..1 a pixel, Sobel) below the first value wholly, above the second not at all.
GAP_OF_DIAGONAL = 0.003
AROUND_OF_DIAGONAL = 0.005
FEW, MANY = 0.001, 0.003
CALM, LIVELY = 0.21, 0.39


def strands(guide: Rgb, network_matte: Matte) -> Plane:
    """Return 0..1 (height, width): how much of what is around each pixel is fine structure.

    `guide` (height, width, 3), 0..1, has the size to answer at, `network_matte` (side, side) is as the network gave it.
    """
    size = (guide.shape[0], guide.shape[1])
    matte = resized(network_matte, size)
    diagonal = math.hypot(*size)
    gap_px, around_px = (max(1, round(part * diagonal)) for part in (GAP_OF_DIAGONAL, AROUND_OF_DIAGONAL))
    finest = _gaps(network_matte, FINEST_GAP_PX, max(1, round(AROUND_OF_SIDE * network_matte.shape[0])))
    finest = resized(smoothstep(finest, FINEST_FEW, FINEST_MANY), size)
    wider = smoothstep(_gaps(matte, gap_px, around_px), FEW, MANY)
    calm = 1 - smoothstep(box_mean(_gradient(guide), around_px), CALM, LIVELY)
    return np.asarray(np.maximum(finest, wider * calm), np.float32)


def _gaps(matte: Matte, gap_px: int, around_px: int) -> Plane:
    """Return by how much a closing raises the matte, averaged over a window."""
    closed = cv2.morphologyEx(matte, cv2.MORPH_CLOSE, disc(gap_px))
    return box_mean(np.maximum(closed - matte, 0), around_px)


def _gradient(guide: Rgb) -> Plane:
    grey = guide.mean(axis=2, dtype=np.float32)
    return np.asarray(np.hypot(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1)), np.float32)
