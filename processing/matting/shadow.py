"""Stand-in until the real one lands."""

import numpy as np
from processing.matting.layout import Margins


def cast_shadow(alpha, style, opacity):
    return np.zeros_like(alpha)


def shadow_reach(height, width, style):
    return Margins(0, 0, 0, 0)


def over_black(rgb, alpha, shadow):
    return rgb, alpha
