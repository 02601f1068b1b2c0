"""Brings a background picture to the size of the canvas: centred, filling it, never stretched."""

import cv2
import numpy as np

from processing.matting.arrays import Rgb8
from processing.matting.composite import place_over
from processing.matting.decode import Photo

_WHITE = (255, 255, 255)


def backdrop_at(picture: Photo, size: tuple[int, int]) -> Rgb8:
    """Return the picture at (height, width), cut at two sides where its proportions differ; transparency on white."""
    rgb = picture.rgb if picture.alpha is None else place_over(picture.rgb, picture.alpha, _WHITE)
    height, width = size
    factor = max(height / picture.height, width / picture.width)
    if factor == 1 and (picture.height, picture.width) == size:
        return rgb
    shown_height = min(picture.height, max(1, round(height / factor)))
    shown_width = min(picture.width, max(1, round(width / factor)))
    top, left = (picture.height - shown_height) // 2, (picture.width - shown_width) // 2
    shown = rgb[top : top + shown_height, left : left + shown_width]
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(shown, (width, height), interpolation=interpolation), dtype=np.uint8)
