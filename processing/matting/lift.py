"""Lifts whole regions that the network left grey.

Networks for salient objects are under-confident inside a subject that they half recognise: among pixels of a wide flat
region at .2 to .3, nine in ten of the evaluation photos' were foreground. An edge beside an opaque region is another
matter: it is soft because the subject is, and stays.
"""

import cv2
import numpy as np

from processing.matting.arrays import Matte, Plane
from processing.matting.guided_filter import box_mean
from processing.matting.morphology import disc, smoothstep
from processing.matting.resample import resized

# The envelope is smooth: a copy of so many pixels a side shows all of it.
ENVELOPE_SIDE_PX = 256
# How far an opaque region's word reaches, in parts of the side.
REACH_OF_SIDE = 0.05
# An envelope up to the first value is a ghost and fades; from the second on it is a subject and becomes opaque.
GHOST = 0.05
SUBJECT = 0.3
MAX_GAIN = 8.0
_TINY = 1e-4


def lift(matte: Matte) -> Matte:
    """Return the network's square matte with the top of every region that is no ghost raised to 1."""
    small_side = min(matte.shape[0], ENVELOPE_SIDE_PX)
    gain = resized(_gain(resized(matte, (small_side, small_side))), (matte.shape[0], matte.shape[1]))
    return np.asarray(np.minimum(gain * matte, 1), np.float32)


def _gain(matte: Matte) -> Plane:
    """Return by what to multiply the matte, 0..MAX_GAIN: 1 where its envelope is.

    The envelope is the matte's greatest value around each pixel, smoothed.
    """
    radius = max(1, round(REACH_OF_SIDE * matte.shape[0]))
    envelope = box_mean(np.asarray(cv2.dilate(matte, disc(radius)), np.float32), radius)
    gain = smoothstep(envelope, GHOST, SUBJECT) / np.maximum(envelope, np.float32(_TINY))
    return np.asarray(np.minimum(gain, np.float32(MAX_GAIN)), np.float32)
