"""What a network returns, read as its catalog row says: as a matte."""

import numpy as np

from processing.matting.arrays import Matte, Plane
from processing.matting.model_catalog import ModelRow


def as_matte(prediction: Plane, model: ModelRow) -> Matte:
    """Return a network's raw answer (height, width) as a matte, 0..1: clipped, or the sigmoid of its logits."""
    raw = prediction.astype(np.float32)
    if model.output == "logits":
        # The logistic function by way of tanh, which large logits do not overflow.
        return np.asarray((np.tanh(raw / 2) + 1) / 2, np.float32)
    return np.asarray(np.clip(raw, 0, 1), np.float32)


def stretched(matte: Matte) -> Matte:
    """Return the matte with its lowest value at 0 and its highest at 1; one without any contrast stays as it is."""
    low, high = float(matte.min()), float(matte.max())
    if high <= low:
        return matte
    return np.asarray((matte - low) / (high - low), np.float32)
