"""Cuts a cutout to its subject and to a size."""

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Rgb8

# What is fainter than this is noise: it does not widen the crop.
CROP_MIN_ALPHA = 26


def crop_to_subject(rgb: Rgb8, alpha: Alpha8) -> tuple[Rgb8, Alpha8]:
    """Return the smallest rectangle around all that is at least CROP_MIN_ALPHA; the whole where there is none."""
    seen = alpha >= CROP_MIN_ALPHA
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return rgb, alpha
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return rgb[box], alpha[box]


def limit_side(rgb: Rgb8, alpha: Alpha8, max_side_px: int | None) -> tuple[Rgb8, Alpha8]:
    """Return the cutout with its longest side at most `max_side_px` and the shorter one in proportion, at least 1 px.

    Colours are averaged by how much of them is seen (premultiplied), so that hidden ones do not bleed in.
    """
    height, width = alpha.shape
    longest = max(height, width)
    if max_side_px is None or longest <= max_side_px:
        return rgb, alpha
    side = (max(1, round(width * max_side_px / longest)), max(1, round(height * max_side_px / longest)))
    # 16 bits hold colour times alpha exactly: nothing is rounded before the average.
    seen = cv2.resize(rgb * alpha[..., np.newaxis].astype(np.uint16), side, interpolation=cv2.INTER_AREA)
    weight = cv2.resize(alpha * np.uint16(255), side, interpolation=cv2.INTER_AREA)
    straight = seen.astype(np.float32) * 255 / np.maximum(weight, 1)[..., np.newaxis]
    return np.rint(straight.clip(0, 255)).astype(np.uint8), np.rint(weight / 255).astype(np.uint8)
