"""The whole way of one picture, in order: decode -> predict -> refine -> foreground -> composite -> encode."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from processing.matting.arrays import Alpha8, Matte, Rgb8
from processing.matting.composite import multiply, place_over
from processing.matting.confidence import ambiguous_ratio, matte_confidence
from processing.matting.deadline import NEVER, Deadline
from processing.matting.decode import OpenedFile, Photo, decode_opened, open_file
from processing.matting.delivery import Layer, deliver
from processing.matting.encode import CONTENT_TYPES
from processing.matting.errors import NoSubject, about_the_backdrop
from processing.matting.foreground import estimate_foreground
from processing.matting.framing import shrink, shrink_opaque
from processing.matting.layout import Box, lay_out, pixels_at_most
from processing.matting.options import CutoutOptions, DecodeLimits, Quality, ResultSize
from processing.matting.predict import has_subject, predict
from processing.matting.refine import enlarge, refine
from processing.matting.session import MattingSession

# What the network is shown behind pixels that are transparent already.
NEUTRAL_BACKGROUND = (128, 128, 128)

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
    small, and says across it what it is. `before_step` may wait before each step, and between two looks.
    """
    watch = _Stopwatch(deadline, before_step)
    with watch.step("decode"):
        photo = decode_opened(opened)
        size = photo.height, photo.width
        region = _region_in(size, options)
        photo = _part_of(photo, region)
    with watch.step("predict"):
        matte = _predicted(photo, options, session, deadline, before_step)
        found = has_subject(matte)
    with watch.step("refine"):
        photo = _as_large_as_needed(photo, options, limits)
        alpha = _at_full_size(_as_the_network_sees_it(photo), matte, options.quality) if found else _empty(photo)
    with watch.step("foreground"):
        foreground = estimate_foreground(photo.rgb, alpha, photo.alpha)
    # A large photo in several versions would stand beside what the next steps take.
    opacity = photo.alpha
    del photo
    with watch.step("composite"):
        alpha = multiply(alpha, opacity)
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
        matte_confidence=matte_confidence(matte) if found else 0.0,
        matte_ambiguous_ratio=ambiguous,
        has_subject=found,
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


def _decoded_backdrop(backdrop: OpenedFile | None) -> Photo | None:
    if backdrop is None:
        return None
    with about_the_backdrop():
        return decode_opened(backdrop)


def _predicted(
    photo: Photo,
    options: CutoutOptions,
    session: MattingSession,
    deadline: Deadline,
    before_second_look: Callable[[], None],
) -> Matte:
    """Return the network's matte; raise NoSubject where it shows none and one is needed."""
    looks_twice = options.quality == "best"
    matte = predict(
        _as_the_network_sees_it(photo),
        session,
        looks_twice=looks_twice,
        deadline=deadline,
        before_second_look=before_second_look,
    )
    if options.needs_subject and not has_subject(matte):
        raise NoSubject
    return matte


def _as_the_network_sees_it(photo: Photo) -> Rgb8:
    return photo.rgb if photo.alpha is None else place_over(photo.rgb, photo.alpha, NEUTRAL_BACKGROUND)


def _as_large_as_needed(photo: Photo, options: CutoutOptions, limits: DecodeLimits) -> Photo:
    """Return the photo smaller where the result is to be much smaller than it; a crop may still need all of it."""
    if (options.region, options.crop, options.scale, options.position) != (None, None, None, None):
        return photo
    whole = lay_out((photo.height, photo.width), None, options, is_png=False, limits=limits).target
    working_side_px = max(LEAST_WORKING_SIDE_PX, math.ceil(WORKING_SIDE_OF_RESULT * max(whole.width, whole.height)))
    size = pixels_at_most(photo.height, photo.width, ResultSize(max_side_px=working_side_px), is_png=False)
    if size == (photo.height, photo.width):
        return photo
    if photo.alpha is None:
        return Photo(rgb=shrink_opaque(photo.rgb, size), alpha=None)
    rgb, alpha = shrink(photo.rgb, photo.alpha, size)
    return Photo(rgb=rgb, alpha=alpha)


def _at_full_size(picture: Rgb8, matte: Matte, quality: Quality) -> Alpha8:
    return enlarge(matte, (picture.shape[0], picture.shape[1])) if quality == "fast" else refine(picture, matte)


def _empty(photo: Photo) -> Alpha8:
    return np.zeros((photo.height, photo.width), np.uint8)


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
