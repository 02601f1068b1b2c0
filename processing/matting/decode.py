"""Bytes -> upright sRGB pixels; limits from the header, before any pixel."""

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from processing.matting.arrays import Alpha8, Rgb8
from processing.matting.colour_profile import find_transform_to_srgb, srgb_pixels
from processing.matting.errors import MattingError, UnreadableImage
from processing.matting.errors import translatable as _
from processing.matting.file_parts import FileParts, cut_off, damaged
from processing.matting.header import ImageHeader, InputFormat, OpenedFile, open_file, read_header
from processing.matting.jpeg_damage import refuse_missing_blocks
from processing.matting.jpeg_pixels import find_jpeg_pixels
from processing.matting.options import DecodeLimits
from processing.matting.orientation import turn_upright
from processing.matting.png_layout import keyed_alpha
from processing.matting.strips import row_strips

__all__ = ["ImageHeader", "OpenedFile", "Photo", "decode", "decode_opened", "open_file", "read_header"]

# The readers themselves instead of Image.open: that one also guesses formats, warns by Pillow's own size limit,
# and turns a JPEG with a second picture into an animation.
_READERS: Mapping[InputFormat, Callable[[io.BytesIO], Image.Image]] = {
    "jpeg": JpegImageFile,
    "png": PngImageFile,
    "webp": WebPImageFile,
}
_UNDECODABLE = _("The image file is damaged, or of a kind that cannot be read. Save it again as PNG or JPEG.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """An upright picture in sRGB; `alpha` is None where every pixel is opaque."""

    rgb: Rgb8
    alpha: Alpha8 | None

    @property
    def width(self) -> int:
        """Pixels across."""
        return int(self.rgb.shape[1])

    @property
    def height(self) -> int:
        """Pixels down."""
        return int(self.rgb.shape[0])


def decode(image_bytes: bytes, limits: DecodeLimits) -> Photo:
    """Return the first frame of a JPEG, PNG or WebP; raise UnreadableImage or ImageTooLarge, never anything else.

    Only running out of memory passes through as it is: that is about us, not about the file.
    """
    return decode_opened(open_file(image_bytes, limits))


def decode_opened(opened: OpenedFile) -> Photo:
    """Return the first frame of a file whose header was read already; raise UnreadableImage, never anything else."""
    with _decoder_failures_refused(opened.parts):
        rgb, alpha = _read_pixels(opened)
    if alpha is not None and alpha.min() == 255:
        alpha = None
    return Photo(
        rgb=turn_upright(rgb, opened.orientation),
        alpha=None if alpha is None else turn_upright(alpha, opened.orientation),
    )


@contextmanager
def _decoder_failures_refused(parts: FileParts) -> Iterator[None]:
    try:
        yield
    except (MattingError, MemoryError):
        raise
    except Exception as error:
        raise (cut_off() if parts.lacks_end else UnreadableImage(_UNDECODABLE)) from error


def _read_pixels(opened: OpenedFile) -> tuple[Rgb8, Alpha8 | None]:
    parts = opened.parts
    data = parts.without_metadata()
    if opened.format == "jpeg" and find_transform_to_srgb("RGB", parts.icc_profiles) is None:
        rgb = find_jpeg_pixels(data, width=parts.width, height=parts.height)
        if rgb is not None:
            return rgb, None
    with _READERS[opened.format](io.BytesIO(data)) as picture:
        if picture.size != (parts.width, parts.height):
            raise damaged()
        picture.load()
        if opened.format == "jpeg":
            refuse_missing_blocks(picture, data)
        if parts.png is not None and parts.png.lacks_rows(picture):
            raise damaged()
        alpha = _read_alpha(picture, parts, data)
        return srgb_pixels(_as_colour(picture), parts.icc_profiles), alpha


def _read_alpha(picture: Image.Image, parts: FileParts, data: bytes) -> Alpha8 | None:
    if picture.mode in ("RGBA", "LA"):
        return np.array(picture.getchannel("A"))
    if picture.mode == "P" and "transparency" in picture.info:
        return np.array(picture.convert("RGBA").getchannel("A"))
    return keyed_alpha(parts.png, picture, data) if parts.png else None


def _as_colour(picture: Image.Image) -> Image.Image:
    """Return the picture as one of the modes a colour profile speaks of: RGB, L or CMYK; alpha dropped."""
    if picture.mode == "I;16":
        return Image.fromarray(_scaled_to_8_bits(np.asarray(picture)))
    if picture.mode in ("1", "LA"):
        return picture.convert("L")
    if picture.mode == "P" and "transparency" in picture.info:
        return picture.convert("RGBA").convert("RGB")
    return picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("RGB")


def _scaled_to_8_bits(samples: NDArray[np.uint16]) -> Alpha8:
    """Map 0..65535 to 0..255, rounded; `convert` would clip everything above 255 to white."""
    scaled = np.empty(samples.shape, np.uint8)
    for rows in row_strips(samples.shape[0]):
        scaled[rows] = (samples[rows].astype(np.uint32) + 128) // 257
    return scaled
