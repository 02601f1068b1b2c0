"""How decided a matte is: two plain numbers for the caller, measured, not promised."""

import numpy as np

from processing.matting.arrays import Alpha8, Matte

# Soft by either API's reading of "ambiguous".
AMBIGUOUS_FROM = 0.1
AMBIGUOUS_TO = 0.9


def matte_confidence(matte: Matte) -> float:
    """Return 0..1: how far from undecided the network was where it saw anything; 0 where it saw nothing.

    The mean of |2 alpha - 1| over the pixels above AMBIGUOUS_FROM. It says nothing about having kept the right thing.
    """
    seen = matte[matte > AMBIGUOUS_FROM]
    return float(np.abs(2 * seen - 1).mean()) if seen.size else 0.0


def ambiguous_ratio(alpha: Alpha8) -> float:
    """Return 0..1: the share of pixels between AMBIGUOUS_FROM and AMBIGUOUS_TO."""
    soft = (alpha >= round(255 * AMBIGUOUS_FROM)) & (alpha <= round(255 * AMBIGUOUS_TO))
    return float(np.count_nonzero(soft) / alpha.size)
