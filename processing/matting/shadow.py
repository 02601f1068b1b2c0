"""Computes the shadow of a cutout from its matte: a soft one on a wall behind it, or one on the ground it stands on.

The matte is thrown along the light onto a plane (an affine map, as of parallel light) and blurred as by a lamp of some
size: the farther it falls, the wider. That a soft shadow is the mean of the hard ones from points all over the lamp is
P. Heckbert, M. Herf: Simulating Soft Shadows with Graphics Hardware, CMU-CS-97-104, 1997; a Gaussian stands in for that
mean here. Shadow and colour meet by T. Porter, T. Duff: Compositing Digital Images, SIGGRAPH 1984 ("over").

Every length is a share of the subject's size, so the same photo at another size casts the same shadow.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from processing.matting.arrays import Alpha8, Plane, Rgb8
from processing.matting.framing import CROP_MIN_ALPHA
from processing.matting.layout import Margins
from processing.matting.morphology import smoothstep
from processing.matting.options import ShadowStyle
from processing.matting.resample import enlarged_rows, resized_to_unit, working_size
from processing.matting.strips import row_strips

# A shadow is soft: it is worked out at no more than this, and enlarged.
MAX_WORKING_PIXELS = 250_000

# Blurs end here, in standard deviations: what they leave out is less than half of one level of 255.
_BLUR_ENDS_AT = 3.0


class _Blur(NamedTuple):
    """Standard deviations across and down, as shares of the extent."""

    across: float
    down: float


class _Contact(NamedTuple):
    """The dark rim where the subject meets the ground.

    `near` is the share of its height that counts as meeting it; the rim lies `down` (share of the extent) below.
    """

    near: float
    down: float
    blur: _Blur


class _Reach(NamedTuple):
    """As Margins, as shares of the extent; negative where the subject hides the shadow's end."""

    top: float
    right: float
    bottom: float
    left: float


class _Caster(Protocol):
    """One style: how the shadow is computed, and how far it reaches."""

    def cast(self, stage: "_Stage") -> Plane:
        """Return the shadow at full opacity, 0..1, on the stage."""
        ...

    def reach(self, tall: float, wide: float) -> _Reach:
        """Return how far it goes beyond a subject of that height and width, all as shares of the extent."""
        ...


@dataclass(frozen=True, slots=True)
class _Stage:
    """The subject at working size, and where it stands on a canvas that holds its shadow; all in working pixels.

    `extent` is the geometric mean of the subject's height and width, `base` the row it stands on.
    """

    matte: Plane
    size: tuple[int, int]
    left: float
    base: float
    width: float
    height: float

    @property
    def extent(self) -> float:
        return math.sqrt(self.height * self.width)

    def thrown(self, *, right: float, down: float, shear: float = 0.0, depth: float = 1.0, wider: float = 0.0) -> Plane:
        """Return the matte on the canvas, moved, and mapped to a floor that meets it at its base.

        A point at height z falls `shear` z to the right and rises by `depth` z; `wider` widens about the middle.
        """
        height = max(1, round(self.matte.shape[0] * depth))
        # First lower, by the mean of the rows: the map itself looks at four pixels only.
        matte = cv2.resize(self.matte, (self.matte.shape[1], height), interpolation=cv2.INTER_AREA)
        per_column, per_row = self.width * (1 + wider) / matte.shape[1], self.height / height
        corner_x = self.left - self.width * wider / 2 + right + shear * self.height
        corner_y = self.base - depth * self.height + down
        affine = np.array([[per_column, -shear * per_row, corner_x], [0, depth * per_row, corner_y]])
        # From corners to centres of pixels.
        affine[:, 2] += affine[:, :2] @ (0.5, 0.5) - 0.5
        return np.asarray(cv2.warpAffine(matte, affine, self.size[::-1]), np.float32)

    def blurred(self, plane: Plane, blur: _Blur) -> Plane:
        """Return the plane with a Gaussian's softness, nothing beyond the canvas."""
        across, down = (_gaussian(sigma * self.extent) for sigma in blur)
        return np.asarray(cv2.sepFilter2D(plane, -1, across, down, borderType=cv2.BORDER_CONSTANT), np.float32)

    def heights(self, depth: float = 1.0) -> Plane:
        """Return for each row (rows, 1) which share of the subject's height is thrown there; below the base < 0."""
        rows = np.arange(self.size[0], dtype=np.float32)[:, np.newaxis] + np.float32(0.5)
        return np.asarray((np.float32(self.base) - rows) / np.float32(depth * self.height), np.float32)

    def contact(self, contact: _Contact) -> Plane:
        """Return the dark rim under what is near the ground."""
        down = contact.down * self.extent
        nearness = 1 - smoothstep(self.heights() + np.float32(down / self.height), 0, contact.near)
        return self.blurred(self.thrown(right=0, down=down) * nearness, contact.blur)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnWall:
    """The shadow of a cut-out that hovers before a wall, lit from the upper left."""

    right: float
    down: float
    blur: _Blur

    def cast(self, stage: _Stage) -> Plane:
        moved = stage.thrown(right=self.right * stage.extent, down=self.down * stage.extent)
        return stage.blurred(moved, self.blur)

    def reach(self, tall: float, wide: float) -> _Reach:
        across, down = (_BLUR_ENDS_AT * sigma for sigma in self.blur)
        return _Reach(
            top=down - self.down, right=across + self.right, bottom=down + self.down, left=across - self.right
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnFloor:
    """The shadow on the ground of what is lit from the front left, softer and fainter the higher what casts it."""

    shear: float
    depth: float
    near: _Blur
    far: _Blur
    darkest: float
    faintest: float
    steps: int
    contact: _Contact

    def cast(self, stage: _Stage) -> Plane:
        lying = stage.thrown(right=0, down=0, shear=self.shear, depth=self.depth)
        height = stage.heights(self.depth).clip(0, 1)
        shadow = np.zeros(stage.size, np.float32)
        for step in range(self.steps + 1):
            share = step / self.steps
            blur = _Blur(*(near + (far - near) * share for near, far in zip(self.near, self.far, strict=True)))
            # Between two steps, the mean of both by nearness.
            weight = (1 - np.abs(height * self.steps - step)).clip(0, 1)
            shadow += stage.blurred(lying, blur) * weight
        shadow *= self.darkest + (self.faintest - self.darkest) * height
        return _both(shadow, stage.contact(self.contact))

    def reach(self, tall: float, wide: float) -> _Reach:
        thrown, rise = self.shear * tall, self.depth * tall
        # The left edge leans, so what is blurred downwards is blurred across as well.
        leaning = math.hypot(self.far.across, self.far.down * self.shear / self.depth)
        rim = _reach_of_contact(self.contact)
        return _Reach(
            top=rise + _BLUR_ENDS_AT * self.far.down - tall,
            right=max(rim.right, thrown + _BLUR_ENDS_AT * self.far.across),
            bottom=max(rim.bottom, _BLUR_ENDS_AT * self.near.down),
            left=max(rim.left, _BLUR_ENDS_AT * leaning - thrown),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beneath:
    """The shadow beneath a car under a wide sky: on the ground between its tyres, and a little beyond its sides."""

    near: float
    wider: float
    down: float
    blur: _Blur
    darkest: float
    contact: _Contact

    def cast(self, stage: _Stage) -> Plane:
        down = self.down * stage.extent
        over_ground = replace(stage, matte=_without_hollows(stage.matte)).thrown(right=0, down=down, wider=self.wider)
        nearness = 1 - smoothstep(stage.heights() + np.float32(down / stage.height), 0, self.near)
        pool = stage.blurred(over_ground * nearness, self.blur) * np.float32(self.darkest)
        return _both(pool, stage.contact(self.contact))

    def reach(self, tall: float, wide: float) -> _Reach:
        rim = _reach_of_contact(self.contact)
        across, down = (_BLUR_ENDS_AT * sigma for sigma in self.blur)
        side = max(rim.right, across + self.wider * wide / 2)
        return _Reach(top=down - self.down - tall, right=side, bottom=max(rim.bottom, down + self.down), left=side)


_CASTERS: Mapping[ShadowStyle, _Caster] = {
    "drop": _OnWall(right=0.02, down=0.05, blur=_Blur(0.03, 0.03)),
    "3D": _OnFloor(
        shear=0.38,
        depth=0.26,
        near=_Blur(0.012, 0.008),
        far=_Blur(0.06, 0.04),
        darkest=0.75,
        faintest=0.15,
        steps=5,
        contact=_Contact(near=0.1, down=0.011, blur=_Blur(0.022, 0.01)),
    ),
    "car": _Beneath(
        near=0.38,
        wider=0.06,
        down=0.012,
        blur=_Blur(0.04, 0.02),
        darkest=0.75,
        contact=_Contact(near=0.2, down=0.016, blur=_Blur(0.02, 0.011)),
    ),
}


def cast_shadow(alpha: Alpha8, style: ShadowStyle, opacity: float) -> Alpha8:
    """Return the alpha (height, width), 0..255, of the black shadow that the subject casts on its canvas.

    `opacity` (0..1) scales it. What falls beyond the canvas is lost; an empty matte casts nothing.
    """
    shadow = np.zeros_like(alpha)
    left, top, width, height = cv2.boundingRect((alpha >= CROP_MIN_ALPHA).view(np.uint8))
    if not width:
        return shadow
    margins = shadow_reach(height, width, style)
    stage = _set_stage(_without_noise(alpha[top : top + height, left : left + width]), margins)
    small = _CASTERS[style].cast(stage) * np.float32(255 * opacity)
    whole = height + margins.top + margins.bottom, width + margins.left + margins.right
    # From here on, rows and columns of the canvas; those of the stage lie `down` and `right` of them.
    down, right = margins.top - top, margins.left - left
    columns = slice(max(0, -right), min(alpha.shape[1], whole[1] - right))
    for rows in row_strips(min(alpha.shape[0], whole[0] - down), start=max(0, -down)):
        strip = enlarged_rows(small, whole, slice(rows.start + down, rows.stop + down))
        shadow[rows, columns] = np.rint(strip[:, columns.start + right : columns.stop + right])
    return shadow


def shadow_reach(height: int, width: int, style: ShadowStyle) -> Margins:
    """Return how far beyond the bounds of a subject of this size its shadow can be seen at full opacity."""
    extent = math.sqrt(height * width)
    reach = _CASTERS[style].reach(height / extent, width / extent)
    return Margins(*(max(0, math.ceil(share * extent)) for share in reach))


def over_black(foreground: Rgb8, alpha: Alpha8, shadow: Alpha8) -> tuple[Rgb8, Alpha8]:
    """Return the cutout over black of alpha `shadow`, alpha straight: A = a + s (1 - a), C = a F / A.

    Rounded to the nearest value; where there is no shadow nothing changes.
    """
    rgb, opacity = foreground.copy(), alpha.copy()
    for rows in row_strips(alpha.shape[0]):
        if not shadow[rows].any():
            continue
        a = alpha[rows].astype(np.float32)
        # All in units of 1 / 255^2: whole numbers below 2^24 are exact in float32.
        both = 255 * a + shadow[rows] * (255 - a)
        opacity[rows] = np.rint(both * np.float32(1 / 255))
        share = np.divide(255 * a, both, out=np.ones_like(both), where=both > 0)
        rgb[rows] = cv2.multiply(foreground[rows], cv2.cvtColor(share, cv2.COLOR_GRAY2RGB), dtype=cv2.CV_8U)
    return rgb, opacity


def _set_stage(subject: Alpha8, margins: Margins) -> _Stage:
    """Return the subject at working size on a canvas with room for its shadow."""
    height, width = subject.shape
    whole = height + margins.top + margins.bottom, width + margins.left + margins.right
    size = working_size(*whole, MAX_WORKING_PIXELS)
    by_row, by_column = size[0] / whole[0], size[1] / whole[1]
    return _Stage(
        matte=resized_to_unit(subject, (max(1, round(height * by_row)), max(1, round(width * by_column)))),
        size=size,
        left=margins.left * by_column,
        base=(margins.top + height) * by_row,
        width=width * by_column,
        height=height * by_row,
    )


def _without_noise(alpha: Alpha8) -> Alpha8:
    return np.asarray(cv2.threshold(alpha, CROP_MIN_ALPHA - 1, 255, cv2.THRESH_TOZERO)[1], np.uint8)


def _reach_of_contact(contact: _Contact) -> _Reach:
    across, down = (_BLUR_ENDS_AT * sigma for sigma in contact.blur)
    return _Reach(top=0, right=across, bottom=down + contact.down, left=across)


def _gaussian(sigma_px: float) -> Plane:
    """Return the Gaussian's weights, nothing beyond where blurs end."""
    reach_px = math.floor(_BLUR_ENDS_AT * sigma_px)
    return np.asarray(cv2.getGaussianKernel(2 * reach_px + 1, sigma_px, cv2.CV_32F), np.float32)


def _without_hollows(matte: Plane) -> Plane:
    """Return the matte with all filled that a string around it would hold."""
    shape = (matte >= 0.5).view(np.uint8)
    outline = cv2.findNonZero(shape)
    if outline is None:
        return matte
    filled = cv2.fillConvexPoly(np.zeros_like(matte), cv2.convexHull(outline), 1.0)
    return np.asarray(np.maximum(matte, filled), np.float32)


def _both(one: Plane, other: Plane) -> Plane:
    """Return what two shadows take from the light together: 1 - (1 - a) (1 - b)."""
    return np.asarray(one + other - one * other, np.float32)
