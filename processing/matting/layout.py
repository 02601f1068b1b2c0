"""Where the cutout comes to stand: plain geometry, before any pixel moves.

Everything a caller can ask about crop, margins, proportions, scale, position and size ends in one `Layout`: a canvas,
the part of the photo that is shown, and the part of the canvas that it fills.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

from processing.matting.errors import ResultTooLarge
from processing.matting.options import Crop, CutoutOptions, DecodeLimits, ResultSize

_ALMOST_ONE_PIXEL = 1e-6


class Box(NamedTuple):
    """A rectangle in pixels, of a picture or a canvas; it may reach beyond either."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The first column beyond it."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The first row beyond it."""
        return self.top + self.height

    def mapped(self, factor: float, left: float, top: float) -> "Box":
        """Return the box scaled about the origin, then moved."""
        return Box(self.left * factor + left, self.top * factor + top, self.width * factor, self.height * factor)


class Margins(NamedTuple):
    """Whole pixels beyond each side of a box."""

    top: int
    right: int
    bottom: int
    left: int


NO_MARGINS = Margins(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Layout:
    """A canvas (`height`, `width`), and which box of the photo fills which box of it, at one scale for both axes."""

    height: int
    width: int
    source: Box
    target: Box

    @property
    def fills_canvas(self) -> bool:
        """Whether no pixel of the canvas is left empty, as far as the source lies within the photo."""
        box = self.target
        return box.left <= 0 and box.top <= 0 and box.right >= self.width and box.bottom >= self.height


def lay_out(
    photo: tuple[int, int],
    subject: Box | None,
    options: CutoutOptions,
    *,
    is_png: bool,
    limits: DecodeLimits,
    shadow_reach: Margins = NO_MARGINS,
) -> Layout:
    """Return where the cutout of a photo (height, width) stands; raise ResultTooLarge over the limits of a picture.

    `subject` are its bounds, None where there is none: nothing is then cropped, scaled or moved. `shadow_reach` is how
    far its shadow is to be seen beyond it, which a crop keeps.
    """
    height, width = photo
    frame = Box(0, 0, width, height)
    if subject is None:
        return _sized(frame, frame, frame, frame, options.size, is_png=is_png, limits=limits)
    if options.crop is not None:
        frame = _cropped(subject, options.crop, shadow_reach)
    if options.scale is None and options.position is None:
        return _sized(frame, frame, frame, subject, options.size, is_png=is_png, limits=limits)
    placed = _placed(subject, frame, options)
    return _sized(frame, subject, placed, placed, options.size, is_png=is_png, limits=limits)


def pixels_at_most(height: int, width: int, size: ResultSize, *, is_png: bool) -> tuple[int, int]:
    """Return (height, width) shrunk in proportion until it is within the caps of `size`, each side at least 1."""
    factor = 1.0
    if size.max_side_px is not None:
        factor = min(factor, size.max_side_px / max(height, width))
    caps = [size.max_pixels, size.max_png_pixels if is_png else None]
    for cap in caps:
        if cap is not None:
            factor = min(factor, math.sqrt(cap / (height * width)))
    if factor == 1:
        return height, width
    if size.max_side_px is not None and all(cap is None for cap in caps):
        return max(1, round(height * factor)), max(1, round(width * factor))
    # Rounded down, so that the product stays within the cap.
    return (
        max(1, math.floor(height * factor + _ALMOST_ONE_PIXEL)),
        max(1, math.floor(width * factor + _ALMOST_ONE_PIXEL)),
    )


def _cropped(subject: Box, crop: Crop, reach: Margins) -> Box:
    """Return the subject's box with its shadow and the asked margins, widened to the asked proportions."""
    height, width = round(subject.height), round(subject.width)
    left = subject.left - reach.left - crop.left.in_pixels(width)
    top = subject.top - reach.top - crop.top.in_pixels(height)
    right = subject.right + reach.right + crop.right.in_pixels(width)
    bottom = subject.bottom + reach.bottom + crop.bottom.in_pixels(height)
    frame = Box(left, top, right - left, bottom - top)
    return frame if crop.ratio is None else _widened(frame, *crop.ratio)


def _widened(frame: Box, across: int, down: int) -> Box:
    """Return the smallest box of these proportions around the frame, with the same centre, in whole pixels."""
    width = max(frame.width, round(frame.height * across / down))
    height = max(frame.height, round(width * down / across))
    left = frame.left - (width - frame.width) // 2
    top = frame.top - (height - frame.height) // 2
    return Box(left, top, width, height)


def _placed(subject: Box, frame: Box, options: CutoutOptions) -> Box:
    """Return where the subject stands in the frame's own pixels, scaled to a share of it and moved."""
    factor = 1.0
    if options.scale is not None:
        factor = options.scale * min(frame.width / subject.width, frame.height / subject.height)
    width, height = subject.width * factor, subject.height * factor
    if options.position is not None:
        left = options.position[0] * (frame.width - width)
        top = options.position[1] * (frame.height - height)
    else:
        # Where it was: about its own centre, as far as the frame has room there.
        left = subject.left - frame.left + (subject.width - width) / 2
        top = subject.top - frame.top + (subject.height - height) / 2
        left = min(max(left, 0), frame.width - width)
        top = min(max(top, 0), frame.height - height)
    return Box(frame.left + left, frame.top + top, width, height)


def _sized(
    frame: Box,
    source: Box,
    shown: Box,
    subject: Box,
    size: ResultSize,
    *,
    is_png: bool,
    limits: DecodeLimits,
) -> Layout:
    """Return the layout at its final size: `shown` is where `source` stands, and `subject` what a cover centres on."""
    if size.width is None and size.height is None:
        height, width = pixels_at_most(round(frame.height), round(frame.width), size, is_png=is_png)
        _check(height, width, limits)
        return _on_canvas((height, width), frame, source, shown, Box(0, 0, width, height))
    factor = _factor(frame, size)
    content_height, content_width = max(1, round(frame.height * factor)), max(1, round(frame.width * factor))
    height = size.height if size.height is not None and size.width is not None else content_height
    width = size.width if size.height is not None and size.width is not None else content_width
    _check(height, width, limits)
    left, top = (width - content_width) // 2, (height - content_height) // 2
    if size.fit == "cover":
        left = _centred_on((subject.left + subject.width / 2 - frame.left) * factor, content_width, width)
        top = _centred_on((subject.top + subject.height / 2 - frame.top) * factor, content_height, height)
    return _on_canvas((height, width), frame, source, shown, Box(left, top, content_width, content_height))


def _factor(frame: Box, size: ResultSize) -> float:
    """Return how much the frame grows or shrinks to fit the asked width, height or both."""
    factors = [
        asked / now for asked, now in ((size.width, frame.width), (size.height, frame.height)) if asked is not None
    ]
    factor = max(factors) if size.fit == "cover" else min(factors)
    return min(1.0, factor) if size.fit == "scale-down" else factor


def _centred_on(centre: float, content: int, canvas: int) -> int:
    """Return where content at least as long as the canvas begins, so that `centre` is as central as it can be."""
    return round(min(0, max(canvas - content, canvas / 2 - centre)))


def _on_canvas(canvas: tuple[int, int], frame: Box, source: Box, shown: Box, place: Box) -> Layout:
    """Return the layout that puts the frame at `place` on the canvas, and `source` where it stands in the frame."""
    if shown == frame:
        return Layout(*canvas, source, place)
    factor = place.width / frame.width
    moved = shown._replace(left=shown.left - frame.left, top=shown.top - frame.top)
    return Layout(*canvas, source, moved.mapped(factor, place.left, place.top))


def _check(height: int, width: int, limits: DecodeLimits) -> None:
    if max(height, width) > limits.max_side_px or height * width > limits.max_pixels:
        raise ResultTooLarge(
            f"The result would be {width} x {height} pixels; at most {limits.max_pixels:,} pixels and "
            f"{limits.max_side_px:,} a side are delivered. Ask for a smaller size or less room around the subject."
        )
