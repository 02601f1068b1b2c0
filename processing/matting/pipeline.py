"""The whole way of one picture, in order: decode -> predict -> refine -> foreground -> composite -> encode."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from processing.matting.arrays import Alpha8
from processing.matting.composite import intersect
from processing.matting.confidence import ambiguous_ratio
from processing.matting.deadline import NEVER, Deadline
from processing.matting.decode import OpenedFile, Photo, decode_opened, open_file
from processing.matting.delivery import Layer, deliver
from processing.matting.encode import CONTENT_TYPES
from processing.matting.errors import NoSubject, about_the_backdrop
from processing.matting.foreground import estimate_foreground
from processing.matting.framing import shrink, shrink_opaque
from processing.matting.input_alpha import has_hole, visible_box
from processing.matting.judge import Judgment, judge
from processing.matting.layout import Box, lay_out, pixels_at_most
from processing.matting.options import CutoutOptions, DecodeLimits, Quality, ResultSize
from processing.matting.refine import enlarge, refine
from processing.matting.session import MattingSession

# A small result of a large photo is worked out at twice its size, but at no less than this many pixels a side. Measured
# against working at full size, soft pixels came out .3 of 255 levels off on average, and 2 at the 99th percentile.
WORKING_SIDE_OF_RESULT = 2
LEAST_WORKING_SIDE_PX = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """A finished picture and what is known about it.

    `width` and `height` are those of the result, `input_width` and `input_height` those of the upright photo.
    `subject` are the subject's bounds in the result, None where it has none: the result is then empty, and
    `matte_confidence` is 0. `timings_ms` holds each step by name.
    """

    data: bytes
    content_type: str
    width: int
    height: int
    input_width: int
    input_height: int
    timings_ms: Mapping[str, int]
    matte_confidence: float
    matte_ambiguous_ratio: float
    has_subject: bool
    subject: Box | None


def cut_out(image_bytes: bytes, options: CutoutOptions, *, session: MattingSession, limits: DecodeLimits) -> Cutout:
    """Return the picture without its background; raise MattingError, whose status says whose fault it is."""
    return cut_out_opened(open_file(image_bytes, limits), options, session=session, limits=limits)


def no_wait() -> None:
    """Begin the next step at once."""


def cut_out_opened(
    opened: OpenedFile,
    options: CutoutOptions,
    *,
    session: MattingSession,
    limits: DecodeLimits,
    backdrop: OpenedFile | None = None,
    deadline: Deadline = NEVER,
    is_sample: bool = False,
    before_step: Callable[[], None] = no_wait,
) -> Cutout:
    """Do the same with a file whose header was read already (`open_file`), so that it is read once.

    A `backdrop` is put behind the subject. Raises TooSlow instead of beginning a step after the deadline. A sample is
    small, and says across it what it is. `before_step` may wait before each step.
    """
    watch = _Stopwatch(deadline, before_step)
    with watch.step("decode"):
        photo = decode_opened(opened)
        size = photo.height, photo.width
        region = _region_in(size, options)
        photo = _part_of(photo, region)
        has_outline = photo.alpha is not None and has_hole(photo.alpha)
        photo, region = _trimmed(photo, region)
    with watch.step("predict"):
        judgment = judge(
            photo,
            session,
            has_hole=has_outline,
            looks_twice=options.quality == "best",
            deadline=deadline,
        )
        if options.needs_subject and not judgment.has_subject:
            raise NoSubject
    with watch.step("refine"):
        photo = _as_large_as_needed(photo, size, options, limits)
        alpha = _at_full_size(photo, judgment, options.quality)
    with watch.step("foreground"):
        foreground = estimate_foreground(photo.rgb, alpha, photo.alpha)
    # A large photo in several versions would stand beside what the next steps take.
    opacity = photo.alpha
    del photo
    with watch.step("composite"):
        alpha = intersect(alpha, opacity)
        ambiguous = ambiguous_ratio(alpha)
        layer = Layer(rgb=foreground, alpha=alpha, region=region, photo=size)
        del foreground, alpha, opacity
        delivered = deliver(layer, options, limits, _decoded_backdrop(backdrop), is_sample=is_sample)
        del layer
    with watch.step("encode"):
        data = delivered.encoded()
    return Cutout(
        data=data,
        content_type=CONTENT_TYPES[delivered.file_format],
        width=delivered.width,
        height=delivered.height,
        input_width=size[1],
        input_height=size[0],
        timings_ms=watch.timings_ms,
        matte_confidence=judgment.confidence,
        matte_ambiguous_ratio=ambiguous,
        has_subject=judgment.has_subject,
        subject=delivered.subject,
    )


def _region_in(size: tuple[int, int], options: CutoutOptions) -> Box:
    """Return the part of a photo (height, width) that is looked at, in its pixels; raise RegionOutside, RegionEmpty."""
    if options.region is None:
        return Box(0, 0, size[1], size[0])
    left, top, right, bottom = options.region.bounds_in(*size)
    return Box(left, top, right - left, bottom - top)


def _part_of(photo: Photo, region: Box) -> Photo:
    """Return that part of the photo, sharing its pixels."""
    rows = slice(int(region.top), int(region.bottom))
    columns = slice(int(region.left), int(region.right))
    return Photo(rgb=photo.rgb[rows, columns], alpha=None if photo.alpha is None else photo.alpha[rows, columns])


def _trimmed(photo: Photo, region: Box) -> tuple[Photo, Box]:
    """Return the photo and its region without the transparent border, if it has any."""
    box = None if photo.alpha is None else visible_box(photo.alpha)
    if box is None:
        return photo, region
    return _part_of(photo, box), Box(region.left + box.left, region.top + box.top, box.width, box.height)


def _decoded_backdrop(backdrop: OpenedFile | None) -> Photo | None:
    if backdrop is None:
        return None
    with about_the_backdrop():
        return decode_opened(backdrop)


def _as_large_as_needed(photo: Photo, size: tuple[int, int], options: CutoutOptions, limits: DecodeLimits) -> Photo:
    """Return the photo, smaller if the result is much smaller; a crop may still need all of its pixels.

    The photo may be the visible part of a larger one, of `size` (height, width).
    """
    if (options.region, options.crop, options.scale, options.position) != (None, None, None, None):
        return photo
    whole = lay_out(size, None, options, is_png=False, limits=limits).target
    working_side_px = max(LEAST_WORKING_SIDE_PX, math.ceil(WORKING_SIDE_OF_RESULT * max(whole.width, whole.height)))
    working_size = pixels_at_most(*size, ResultSize(max_side_px=working_side_px), is_png=False)
    if working_size == size:
        return photo
    height, width = (
        max(1, round(part * new / old))
        for part, new, old in zip((photo.height, photo.width), working_size, size, strict=True)
    )
    if photo.alpha is None:
        return Photo(rgb=shrink_opaque(photo.rgb, (height, width)), alpha=None)
    rgb, alpha = shrink(photo.rgb, photo.alpha, (height, width))
    return Photo(rgb=rgb, alpha=alpha)


def _at_full_size(photo: Photo, judgment: Judgment, quality: Quality) -> Alpha8:
    """Return the matte of the photo, which its own alpha still limits: all opaque where that is kept as it is."""
    size = photo.height, photo.width
    if judgment.keeps_alpha or not judgment.has_subject:
        return np.full(size, 255 if judgment.has_subject else 0, np.uint8)
    return enlarge(judgment.matte, size) if quality == "fast" else refine(judgment.shown(photo), judgment.matte)


class _Stopwatch:
    """Takes the time of each step, in whole milliseconds, and stops at the first that begins after the deadline."""

    def __init__(self, deadline: Deadline, before_step: Callable[[], None]) -> None:
        self._deadline = deadline
        self._before_step = before_step
        self.timings_ms: dict[str, int] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._before_step()
        self._deadline.check()
        began = time.perf_counter()
        yield
        self.timings_ms[name] = round((time.perf_counter() - began) * 1000)
