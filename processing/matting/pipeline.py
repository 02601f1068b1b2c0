"""The whole way of one picture, in order: decode -> predict -> refine -> foreground -> composite -> encode."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from processing.matting.arrays import Alpha8, Matte, Rgb8
from processing.matting.composite import multiply, place_over
from processing.matting.confidence import ambiguous_ratio, matte_confidence
from processing.matting.decode import OpenedFile, Photo, decode_opened, open_file
from processing.matting.encode import CONTENT_TYPES, encode
from processing.matting.foreground import estimate_foreground
from processing.matting.framing import crop_to_subject, shrink, shrink_opaque, size_within
from processing.matting.options import CutoutOptions, DecodeLimits, Quality
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
    `timings_ms` holds each step by name. Without a subject the result is empty and `matte_confidence` is 0.
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


def cut_out(image_bytes: bytes, options: CutoutOptions, *, session: MattingSession, limits: DecodeLimits) -> Cutout:
    """Return the picture without its background; raise MattingError, whose status says whose fault it is."""
    return cut_out_opened(open_file(image_bytes, limits), options, session=session)


def cut_out_opened(opened: OpenedFile, options: CutoutOptions, *, session: MattingSession) -> Cutout:
    """Do the same with a file whose header was read already (`open_file`), so that it is read once."""
    watch = _Stopwatch()
    with watch.step("decode"):
        photo = decode_opened(opened)
        input_width, input_height = photo.width, photo.height
    with watch.step("predict"):
        matte = predict(_as_the_network_sees_it(photo), session, looks_twice=options.quality == "best")
        found = has_subject(matte)
    with watch.step("refine"):
        photo = _as_large_as_needed(photo, options)
        alpha = _at_full_size(_as_the_network_sees_it(photo), matte, options.quality) if found else _empty(photo)
    with watch.step("foreground"):
        foreground = estimate_foreground(photo.rgb, alpha, photo.alpha)
    # A large photo in several versions would stand beside what the next steps take.
    opacity = photo.alpha
    del photo
    with watch.step("composite"):
        alpha = multiply(alpha, opacity)
        ambiguous = ambiguous_ratio(alpha)
        whole_size = size_within(input_height, input_width, options.max_side_px)
        rgb, alpha_of_result = _framed(foreground, alpha, options, whole_size)
    del foreground, alpha, opacity
    with watch.step("encode"):
        data = encode(rgb, alpha_of_result, options.image_format)
    return Cutout(
        data=data,
        content_type=CONTENT_TYPES[options.image_format],
        width=rgb.shape[1],
        height=rgb.shape[0],
        input_width=input_width,
        input_height=input_height,
        timings_ms=watch.timings_ms,
        matte_confidence=matte_confidence(matte) if found else 0.0,
        matte_ambiguous_ratio=ambiguous,
        has_subject=found,
    )


def _as_the_network_sees_it(photo: Photo) -> Rgb8:
    return photo.rgb if photo.alpha is None else place_over(photo.rgb, photo.alpha, NEUTRAL_BACKGROUND)


def _as_large_as_needed(photo: Photo, options: CutoutOptions) -> Photo:
    """Return the photo smaller where the result is to be much smaller than it; a crop may still need all of it."""
    if options.crop or options.max_side_px is None:
        return photo
    working_side_px = max(LEAST_WORKING_SIDE_PX, WORKING_SIDE_OF_RESULT * options.max_side_px)
    size = size_within(photo.height, photo.width, working_side_px)
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


def _framed(
    rgb: Rgb8, alpha: Alpha8, options: CutoutOptions, whole_size: tuple[int, int]
) -> tuple[Rgb8, Alpha8 | None]:
    """Return what is delivered: cropped, sized, and opaque where that is wished for."""
    size = whole_size
    if options.crop:
        rgb, alpha = crop_to_subject(rgb, alpha)
        size = size_within(alpha.shape[0], alpha.shape[1], options.max_side_px)
    rgb, alpha = shrink(rgb, alpha, size)
    if options.is_opaque:
        return place_over(rgb, alpha, options.background), None
    return rgb, alpha


class _Stopwatch:
    """Takes the time of each step, in whole milliseconds."""

    def __init__(self) -> None:
        self.timings_ms: dict[str, int] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.timings_ms[name] = round((time.perf_counter() - began) * 1000)
