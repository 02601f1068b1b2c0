"""From the cutout of a photo to the picture that was asked for: placed, shadowed, on its background, as a file."""

from collections.abc import Iterator
from dataclasses import dataclass

from processing.matting.arrays import Alpha8, Rgb8
from processing.matting.backdrop import backdrop_at
from processing.matting.composite import place_over, place_over_film, place_over_picture
from processing.matting.decode import Photo
from processing.matting.encode import encode, encode_grey
from processing.matting.framing import shrink, subject_box
from processing.matting.layout import NO_MARGINS, Box, Layout, lay_out, pixels_at_most
from processing.matting.options import CutoutOptions, DecodeLimits, FileFormat, ResultSize
from processing.matting.placing import place
from processing.matting.shadow import cast_shadow, over_black, shadow_reach
from processing.matting.watermark import SAMPLE_MAX_PIXELS, anchor_of, write_test_over, write_test_over_grey

_WHITE = (255, 255, 255)
_SAMPLE_SIZE = ResultSize(max_pixels=SAMPLE_MAX_PIXELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A cutout: colour, straight alpha, and which part (`region`) of a photo (height, width) these pixels show.

    They may be fewer than the region has in the photo.
    """

    rgb: Rgb8
    alpha: Alpha8
    region: Box
    photo: tuple[int, int]

    def subject(self) -> Box | None:
        """Return the subject's bounds in the photo's pixels; None where there is none."""
        box = subject_box(self.alpha)
        if box is None:
            return None
        across, down = self.region.width / self.alpha.shape[1], self.region.height / self.alpha.shape[0]
        return Box(
            self.region.left + box.left * across,
            self.region.top + box.top * down,
            box.width * across,
            box.height * down,
        )

    def placed(self, layout: Layout) -> tuple[Rgb8, Alpha8]:
        """Return the canvas of the layout, whose source is in the photo's pixels, with this on it."""
        across, down = self.alpha.shape[1] / self.region.width, self.alpha.shape[0] / self.region.height
        source = Box(
            (layout.source.left - self.region.left) * across,
            (layout.source.top - self.region.top) * down,
            layout.source.width * across,
            layout.source.height * down,
        )
        return place(self.rgb, self.alpha, Layout(layout.height, layout.width, source, layout.target))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The finished picture: colours with straight alpha (None: opaque), or `grey` alone; `subject` are its bounds."""

    file_format: FileFormat
    subject: Box | None
    rgb: Rgb8
    alpha: Alpha8 | None = None
    grey: Alpha8 | None = None

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.rgb.shape[0])

    def encoded(self) -> bytes:
        """Return the file; raise ImageTooLarge where its format cannot hold so many pixels a side."""
        if self.grey is not None:
            return encode_grey(self.grey, self.file_format)
        return encode(self.rgb, self.alpha, self.file_format)


def deliver(
    layer: Layer, options: CutoutOptions, limits: DecodeLimits, picture: Photo | None, *, is_sample: bool = False
) -> Delivered:
    """Return what was asked for, on `picture` if there is one, or a sample of it; raise ResultTooLarge."""
    subject = layer.subject() if options.depends_on_bounds else None
    for file_format in _formats_to_try(options, has_picture=picture is not None):
        reach = NO_MARGINS
        if options.shadow is not None and subject is not None:
            reach = shadow_reach(round(subject.height), round(subject.width), options.shadow.style)
        layout = lay_out(layer.photo, subject, options, is_png=file_format == "png", limits=limits, shadow_reach=reach)
        rgb, alpha = layer.placed(layout)
        if is_sample:
            height, width = alpha.shape
            rgb, alpha = shrink(rgb, alpha, pixels_at_most(height, width, _SAMPLE_SIZE, is_png=False))
        bounds, matte = subject_box(alpha), alpha
        if options.channels == "alpha":
            grey = write_test_over_grey(alpha, anchor_of(alpha)) if is_sample else alpha
            return Delivered(file_format=file_format, subject=bounds, rgb=rgb, grey=grey)
        rgb, opacity = _composed(rgb, alpha, options, picture)
        if options.image_format != "auto" or file_format == "jpg" or (opacity is not None and opacity.min() < 255):
            break
    if is_sample:
        rgb, opacity = write_test_over(rgb, opacity, anchor_of(matte))
    return Delivered(file_format=file_format, subject=bounds, rgb=rgb, alpha=opacity)


def _formats_to_try(options: CutoutOptions, *, has_picture: bool) -> Iterator[FileFormat]:
    """Yield the format asked for; for "auto" PNG where transparency is possible, and JPEG in case there is none."""
    if options.image_format != "auto":
        yield options.image_format
    elif options.channels == "alpha":
        yield "png"
    else:
        if not has_picture and not options.has_opaque_background and not options.must_be_opaque:
            yield "png"
        yield "jpg"


def _composed(rgb: Rgb8, alpha: Alpha8, options: CutoutOptions, picture: Photo | None) -> tuple[Rgb8, Alpha8 | None]:
    """Return the subject with its shadow on its background; the alpha is None where the result is opaque."""
    if options.shadow is not None:
        rgb, alpha = over_black(rgb, alpha, cast_shadow(alpha, options.shadow.style, options.shadow.opacity))
    if picture is not None:
        return place_over_picture(rgb, alpha, backdrop_at(picture, (rgb.shape[0], rgb.shape[1]))), None
    background = options.background
    if background is not None and options.has_opaque_background:
        return place_over(rgb, alpha, background[:3]), None
    if background is not None:
        rgb, alpha = place_over_film(rgb, alpha, background)
    return (place_over(rgb, alpha, _WHITE), None) if options.must_be_opaque else (rgb, alpha)
