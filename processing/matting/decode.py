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
from processing.matting.file_parts import FileParts, cut_off
from processing.matting.header import ImageHeader, InputFormat, OpenedFile, open_file, read_header
from processing.matting.jpeg_damage import refuse_missing_blocks
from processing.matting.jpeg_pixels import find_jpeg_pixels
from processing.matting.options import DecodeLimits
from processing.matting.orientation import turn_upright
from processing.matting.strips import row_strips

__all__ = ["ImageHeader", "OpenedFile", "Photo", "decode", "decode_opened", "open_file", "read_header"]

# The readers themselves instead of Image.open: that one also guesses formats, warns by Pillow's own size limit,
# and turns a JPEG with a second picture into an animation.
_READERS: Mapping[InputFormat, Callable[[io.BytesIO], Image.Image]] = {
    "jpeg": JpegImageFile,
    "png": PngImageFile,
    "webp": WebPImageFile,
}
_UNDECODABLE = "The image file is damaged, or of a kind that cannot be read. Save it again as PNG or JPEG."
# Pillow widens grey samples of 1, 2 and 4 bits to 0..255; a tRNS colour is stored unwidened.
_GREY_STEP = {1: 255, 2: 85, 4: 17, 8: 1, 16: 1}


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
    if opened.format == "jpeg" and find_transform_to_srgb("RGB", parts.icc_profile) is None:
        rgb = find_jpeg_pixels(data, width=parts.width, height=parts.height)
        if rgb is not None:
            return rgb, None
    with _READERS[opened.format](io.BytesIO(data)) as picture:
        if picture.size != (parts.width, parts.height):
            raise UnreadableImage
        picture.load()
        if opened.format == "jpeg":
            refuse_missing_blocks(picture, data)
        alpha = _read_alpha(picture, parts)
        return srgb_pixels(_as_colour(picture), parts.icc_profile), alpha


def _read_alpha(picture: Image.Image, parts: FileParts) -> Alpha8 | None:
    if picture.mode in ("RGBA", "LA"):
        return np.array(picture.getchannel("A"))
    if picture.mode == "P" and "transparency" in picture.info:
        return np.array(picture.convert("RGBA").getchannel("A"))
    if parts.transparent_sample is not None:
        return _keyed_alpha(picture, parts.transparent_sample, parts.bit_depth)
    return None


def _keyed_alpha(picture: Image.Image, sample: tuple[int, ...], bit_depth: int) -> Alpha8:
    """Return 0 where the picture has the colour that tRNS calls transparent, else 255."""
    if picture.mode == "RGB":
        # The decoder keeps the upper 8 bits of a 16-bit colour.
        key = [value >> 8 if bit_depth == 16 else value for value in sample]
        is_key = (np.asarray(picture) == key).all(axis=2)
    else:
        grey = picture.convert("L") if picture.mode == "1" else picture
        is_key = np.asarray(grey) == sample[0] * _GREY_STEP[bit_depth]
    return np.where(is_key, np.uint8(0), np.uint8(255))


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
