"""What a caller may choose, and what this service is willing to decode: frozen values between rooms."""

from dataclasses import dataclass, field
from typing import Literal

from processing.matting.errors import RegionEmpty, RegionOutside

FileFormat = Literal["png", "jpg", "webp", "zip"]
ImageFormat = Literal["png", "jpg", "webp", "zip", "auto"]
Channels = Literal["rgba", "rgb", "alpha"]
Quality = Literal["fast", "standard", "best"]
Fit = Literal["contain", "cover", "scale-down"]
ShadowStyle = Literal["drop", "3D", "car"]
Rgba = tuple[int, int, int, int]
"""8-bit sRGB and straight alpha, 0..255 each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """The largest file and picture to accept, checked before any pixel is decoded, and the largest picture to make."""

    max_bytes: int
    max_pixels: int
    max_side_px: int
    max_jpeg_scans: int


@dataclass(frozen=True, slots=True)
class Length:
    """A distance: whole pixels, or a share (1.0 is all) of something that the field's description names."""

    value: float
    unit: Literal["px", "share"]

    def in_pixels(self, whole: int) -> int:
        """Return the distance in pixels, where a share is one of `whole` pixels."""
        return round(self.value if self.unit == "px" else self.value * whole)


NOTHING = Length(0, "px")


@dataclass(frozen=True, slots=True)
class Region:
    """The part of the photo in which a subject is looked for: two corners, in pixels or shares of width and height."""

    left: Length
    top: Length
    right: Length
    bottom: Length

    def bounds_in(self, height: int, width: int) -> tuple[int, int, int, int]:
        """Return (left, top, right, bottom) in pixels of a photo so large; raise RegionOutside or RegionEmpty."""
        left, right = self.left.in_pixels(width), self.right.in_pixels(width)
        top, bottom = self.top.in_pixels(height), self.bottom.in_pixels(height)
        if min(left, top, right, bottom) < 0 or max(left, right) > width or max(top, bottom) > height:
            raise RegionOutside
        if right <= left or bottom <= top:
            raise RegionEmpty
        return left, top, right, bottom


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """Cut the result to the subject's bounds, widened by margins (shares are of the subject's height or width).

    With a `ratio` (width, height) the result is the smallest such frame around that, with the same centre. What lies
    beyond the photo is transparent.
    """

    top: Length = NOTHING
    right: Length = NOTHING
    bottom: Length = NOTHING
    left: Length = NOTHING
    ratio: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSize:
    """How large the result is, after the crop.

    `max_side_px` and `max_pixels` only shrink; `max_png_pixels` is one more cap for PNG. `width` and `height` win over
    them: one alone keeps the proportions, both are a canvas that the picture is fitted to by `fit`.
    """

    max_side_px: int | None = None
    max_pixels: int | None = None
    max_png_pixels: int | None = None
    width: int | None = None
    height: int | None = None
    fit: Fit = "contain"


FULL_SIZE = ResultSize()


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow cast by the subject; `opacity` is 0..1."""

    style: ShadowStyle
    opacity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoutOptions:
    """How the cutout is delivered.

    `image_format` "auto" is PNG where the result has transparent pixels, else JPEG. `background` lies beneath the
    subject; None leaves it transparent, and white where the result is opaque (`channels="rgb"`, or a JPEG).
    `channels="alpha"` delivers the matte in grey. `scale` (0..1) makes the subject's bounds that share of the frame,
    `position` (0..1 across and down) puts them there as CSS places a background: 0 at the start, 1 at the end.
    `quality` is "fast" (the network's matte, enlarged), "standard" (refined at the photo's own size) or "best"
    (refined, from the mean of two looks at the photo: about twice the time). With `needs_subject` a photo without one
    is refused (NoSubject) instead of delivered empty.
    """

    image_format: ImageFormat = "png"
    channels: Channels = "rgba"
    background: Rgba | None = None
    region: Region | None = None
    crop: Crop | None = None
    scale: float | None = None
    position: tuple[float, float] | None = None
    size: ResultSize = field(default=FULL_SIZE)
    shadow: Shadow | None = None
    quality: Quality = "standard"
    needs_subject: bool = False

    @property
    def depends_on_bounds(self) -> bool:
        """Whether where the subject lies in the photo decides what is delivered."""
        is_covered = self.size.fit == "cover" and (self.size.width, self.size.height) != (None, None)
        return is_covered or (self.crop, self.scale, self.position, self.shadow) != (None, None, None, None)

    @property
    def has_opaque_background(self) -> bool:
        """Whether the background colour hides whatever would be beneath it."""
        return self.background is not None and self.background[3] == 255

    @property
    def must_be_opaque(self) -> bool:
        """Whether the result has no alpha channel, whatever its background."""
        return self.channels == "rgb" or self.image_format == "jpg"
