"""Finds the colours of a photo's two layers, foreground F and background B: I = alpha F + (1 - alpha) B.

From coarse to fine, as in T. Germer, T. Uelwer, S. Conrad, S. Harmeling: Fast Multi-Level Foreground Estimation, ICPR
2020, arXiv:2006.14970. Here each level solves for the two colours of each 3 x 3 window by least squares, and leans on
the level before. How much it leans follows from what the fit leaves unexplained, as in a Bayesian linear model that
takes its noise from its own residual (D. MacKay: Bayesian Interpolation, Neural Computation 4(3), 1992): where alpha is
right the fit explains the photo, and is followed to the pixel; where alpha is blurred or displaced it does not, and the
colours of the surroundings hold.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from processing.matting.arrays import Matte, Plane, Rgb

# Channels first: numpy then works along rows of pixels instead of along the three colours of one.
ChannelPlanes: TypeAlias = NDArray[np.float32]  # (n, height, width)

# How much a level leans on the one before: always a little, and at the finest level this much more per unit of
# residual. A window of twice the side has more pixels to go by, and leans half as much.
PRIOR = 0.03
PRIOR_PER_RESIDUAL = 100.0
_WINDOW = (3, 3)
_TINY = 1e-5


class LayerColours(NamedTuple):
    """The colours of both layers (3, height, width), 0..1, around each pixel.

    `residual` (1, height, width), 0..3, is the mean squared distance between the photo's colours and the fitted ones.
    """

    foreground: ChannelPlanes
    background: ChannelPlanes
    residual: ChannelPlanes


class _Products(NamedTuple):
    """The normal equations of a place: means of products of a = alpha, b = 1 - alpha, and the colour i (three planes).

    `ii` is the mean of the colour's squared length.
    """

    aa: ChannelPlanes
    ab: ChannelPlanes
    bb: ChannelPlanes
    ii: ChannelPlanes
    ai: ChannelPlanes
    bi: ChannelPlanes


def fit_layer_colours(picture: Rgb, matte: Matte, weight: Plane | None = None) -> LayerColours:
    """Return the colours at each pixel; `weight` (height, width), 0..1, is how much each counts."""
    levels = [_products(picture, matte, weight)]
    while max(levels[-1].aa.shape[1:]) > 1:
        levels.append(_map_planes(_halved, levels[-1]))
    colours = _overall_means(levels[-1])
    for number in range(len(levels) - 1, -1, -1):
        window = _map_planes(_window_mean, levels[number])
        size = (window.aa.shape[1], window.aa.shape[2])
        foreground, background = _enlarged(colours.foreground, size), _enlarged(colours.background, size)
        colours = _refitted(window, foreground, background, PRIOR_PER_RESIDUAL / 2**number)
    return colours


def _products(picture: Rgb, matte: Matte, weight: Plane | None) -> _Products:
    i = np.ascontiguousarray(np.moveaxis(picture, -1, 0))
    a = matte[np.newaxis]
    b = 1 - a
    # Each product holds the weight once.
    w = np.ones_like(a) if weight is None else weight[np.newaxis]
    ii = (i * i).sum(axis=0, keepdims=True) * w
    return _Products(aa=a * a * w, ab=a * b * w, bb=b * b * w, ii=ii, ai=a * w * i, bi=b * w * i)


def _overall_means(whole: _Products) -> LayerColours:
    """Return the two mean colours, weighted by how much of each a pixel shows."""
    foreground = whole.ai / (whole.aa + whole.ab + _TINY)
    background = whole.bi / (whole.bb + whole.ab + _TINY)
    return LayerColours(foreground, background, np.zeros_like(whole.ii))


def _refitted(window: _Products, foreground: ChannelPlanes, background: ChannelPlanes, lean: float) -> LayerColours:
    """Fit leaning little, see how well that explains the window, then fit again leaning as much as that asks for."""
    first = _solved(window, foreground, background, np.float32(PRIOR))
    residual = _residual(window, *first)
    final = _solved(window, foreground, background, np.float32(lean) * residual + np.float32(PRIOR))
    return LayerColours(*final, residual)


def _solved(
    window: _Products, foreground: ChannelPlanes, background: ChannelPlanes, prior: ChannelPlanes | np.float32
) -> tuple[ChannelPlanes, ChannelPlanes]:
    """Minimise the mean of |a F + b B - I|^2 plus prior times the squared distance from the colours given."""
    aa, bb = window.aa + prior, window.bb + prior
    scale = 1 / (aa * bb - window.ab * window.ab)
    ai, bi = window.ai + prior * foreground, window.bi + prior * background
    solved_foreground = ((bb * scale) * ai - (window.ab * scale) * bi).clip(0, 1)
    solved_background = ((aa * scale) * bi - (window.ab * scale) * ai).clip(0, 1)
    return solved_foreground, solved_background


def _residual(window: _Products, foreground: ChannelPlanes, background: ChannelPlanes) -> ChannelPlanes:
    """Return the mean of |I - a F - b B|^2, multiplied out."""
    aa, ab, bb, ii, ai, bi = window
    terms = foreground * (aa * foreground + 2 * (ab * background - ai)) + background * (bb * background - 2 * bi)
    return np.asarray(np.maximum(ii + terms.sum(axis=0, keepdims=True), 0), dtype=np.float32)


def _map_planes(change: Callable[[Plane], Plane], products: _Products) -> _Products:
    return _Products(*(np.stack([change(plane) for plane in planes]) for planes in products))


def _halved(plane: Plane) -> Plane:
    height, width = plane.shape
    return _resized(plane, ((height + 1) // 2, (width + 1) // 2), cv2.INTER_AREA)


def _window_mean(plane: Plane) -> Plane:
    return np.asarray(cv2.blur(plane, _WINDOW, borderType=cv2.BORDER_REFLECT), dtype=np.float32)


def _enlarged(planes: ChannelPlanes, size: tuple[int, int]) -> ChannelPlanes:
    return np.stack([_resized(plane, size, cv2.INTER_LINEAR) for plane in planes])


def _resized(plane: Plane, size: tuple[int, int], interpolation: int) -> Plane:
    return np.asarray(cv2.resize(plane, size[::-1], interpolation=interpolation), dtype=np.float32)
