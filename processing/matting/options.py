"""What a caller may choose, and what this service is willing to decode: frozen values between rooms."""

from dataclasses import dataclass
from typing import Literal

ImageFormat = Literal["png", "jpg", "webp"]
Channels = Literal["rgba", "rgb"]
Quality = Literal["fast", "standard", "best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """The largest file and picture to accept; all of it is checked before any pixel is decoded."""

    max_bytes: int
    max_pixels: int
    max_side_px: int
    max_jpeg_scans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CutoutOptions:
    """How the cutout is delivered.

    `background` is 8-bit sRGB and used for opaque output only (`channels="rgb"`, or a JPEG, which has no
    transparency). `max_side_px` bounds the longest side of the result, after the crop; it never enlarges. `quality` is
    "fast" (the network's matte, enlarged), "standard" (refined at the photo's own size) or "best" (refined, from the
    mean of two looks at the photo: about twice the time).
    """

    image_format: ImageFormat = "png"
    channels: Channels = "rgba"
    background: tuple[int, int, int] = (255, 255, 255)
    max_side_px: int | None = None
    crop: bool = False
    quality: Quality = "standard"

    @property
    def is_opaque(self) -> bool:
        """Whether the result has no alpha channel."""
        return self.channels == "rgb" or self.image_format == "jpg"
