"""Whether the right thing was kept, where the reference says yes or no: IoU, boundary IoU, S measure, max F measure.

Predictions are float64 (height, width) in 0..1; references are taken as foreground from 0.5 on. Greater is better.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_cdt

Matte64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Precision counts for more than recall: Achanta et al., "Frequency-tuned salient region detection" (CVPR 2009).
BETA_SQUARED = 0.3
BOUNDARY_SHARE_OF_DIAGONAL = 0.02
LEVELS = 256
TINY = float(np.finfo(np.float64).eps)


def segmentation_scores(predicted: Matte64, reference: Matte64) -> dict[str, float]:
    """Return IoU, S and BIoU of one picture; F belongs to a set of them (`f_curve`, `max_f`)."""
    kept, wanted = predicted >= 0.5, reference >= 0.5
    return {
        "IoU": intersection_over_union(kept, wanted),
        "S": structure_measure(predicted, wanted),
        "BIoU": boundary_iou(kept, wanted),
    }


def intersection_over_union(kept: Mask, wanted: Mask) -> float:
    """Return the share both have of what either has; 1 when neither has anything."""
    either = np.count_nonzero(kept | wanted)
    return np.count_nonzero(kept & wanted) / either if either else 1.0


def boundary_iou(kept: Mask, wanted: Mask) -> float:
    """Return the IoU of the two inner borders, 2 % of the diagonal wide (Cheng et al., "Boundary IoU", CVPR 2021)."""
    width_px = max(1, round(BOUNDARY_SHARE_OF_DIAGONAL * math.hypot(*wanted.shape)))
    return intersection_over_union(_inner_border(kept, width_px), _inner_border(wanted, width_px))


def f_curve(predicted: Matte64, wanted: Mask) -> NDArray[np.float64]:
    """Return F at each of the thresholds 255, 254 .. 1 (of 255); 0, which keeps every pixel, is left out."""
    level = np.clip(np.rint(predicted * (LEVELS - 1)), 0, LEVELS - 1).astype(np.intp)
    kept = _counts_from_above(level)
    right = _counts_from_above(level[wanted])
    return (1 + BETA_SQUARED) * right / (BETA_SQUARED * np.count_nonzero(wanted) + kept + TINY)


def max_f(curves: list[NDArray[np.float64]]) -> float:
    """Return the best F that one threshold gives a whole set; nan for an empty set."""
    return float(np.mean(curves, axis=0).max()) if curves else math.nan


def structure_measure(predicted: Matte64, wanted: Mask) -> float:
    """Return the likeness in objects and in regions (Fan et al., "Structure-measure", ICCV 2017), weighed alike."""
    share = float(wanted.mean())
    if share in (0.0, 1.0):
        return float(predicted.mean()) if share else float(1 - predicted.mean())
    objects = share * _object_score(predicted[wanted]) + (1 - share) * _object_score(1 - predicted[~wanted])
    return max(0.0, 0.5 * objects + 0.5 * _region_score(predicted, wanted))


def _inner_border(mask: Mask, width_px: int) -> Mask:
    # The frame of the picture is a border, too.
    depth = distance_transform_cdt(np.pad(mask, 1), metric="chessboard")[1:-1, 1:-1]
    return np.asarray(mask & (depth <= width_px))


def _counts_from_above(levels: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how many are at least 255, 254 .. 1."""
    histogram = np.bincount(levels.ravel(), minlength=LEVELS)
    return np.cumsum(histogram[:0:-1]).astype(np.float64)


def _object_score(likeness: NDArray[np.float64]) -> float:
    mean = float(likeness.mean())
    spread = float(likeness.std(ddof=1)) if likeness.size > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + spread + TINY)


def _region_score(predicted: Matte64, wanted: Mask) -> float:
    """Return the structural likeness of the four quarters round the reference's centre of mass, by area."""
    rows, columns = np.nonzero(wanted)
    # The paper's own code counts from 1: the centre's row and column belong to the upper and left quarters.
    middle_row, middle_column = round(float(rows.mean())) + 1, round(float(columns.mean())) + 1
    reference = wanted.astype(np.float64)
    score = 0.0
    for vertical in (slice(None, middle_row), slice(middle_row, None)):
        for horizontal in (slice(None, middle_column), slice(middle_column, None)):
            quarter = reference[vertical, horizontal]
            if quarter.size:
                score += quarter.size / wanted.size * _structural_likeness(predicted[vertical, horizontal], quarter)
    return score


def _structural_likeness(predicted: NDArray[np.float64], reference: NDArray[np.float64]) -> float:
    """Return SSIM over one window without its constants, as the S measure has it."""
    degrees = max(predicted.size - 1, 1)
    mean_p, mean_r = predicted.mean(), reference.mean()
    variances = (np.square(predicted - mean_p).sum() + np.square(reference - mean_r).sum()) / degrees
    covariance = ((predicted - mean_p) * (reference - mean_r)).sum() / degrees
    numerator = 4 * mean_p * mean_r * covariance
    denominator = (mean_p**2 + mean_r**2) * variances
    if numerator != 0:
        return float(numerator / (denominator + TINY))
    return 1.0 if denominator == 0 else 0.0
