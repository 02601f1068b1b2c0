"""Pixels -> the bytes of a file, with nothing in it but the picture; the same pixels always give the same bytes."""

import io
import zipfile

import numpy as np
from PIL import Image

from processing.matting.arrays import Alpha8, Rgb8, Rgba8
from processing.matting.composite import interleave
from processing.matting.errors import ImageTooLarge
from processing.matting.options import FileFormat
from processing.matting.png_writer import write_png

CONTENT_TYPES: dict[FileFormat, str] = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "zip": "application/zip",
}

_JPEG_QUALITY = 92
_OPAQUE_WEBP_QUALITY = 92
_WEBP_MAX_SIDE_PX = 16_383
# The earliest that a ZIP can hold: the same picture always gives the same bytes.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def encode(rgb: Rgb8, alpha: Alpha8 | None, image_format: FileFormat) -> bytes:
    """Return the file; `alpha` is straight and None for an opaque picture. A JPEG is always opaque.

    The colour of pixels that are not seen at all is written as black: it does not travel in the file. Only a ZIP keeps
    it in its `color.jpg`, where black would stain the edges. Raises ImageTooLarge where the format cannot hold so many
    pixels a side.
    """
    if image_format == "png":
        return write_png(rgb, alpha)
    if image_format == "zip":
        return _encode_zip(rgb, alpha)
    return _encode_jpeg(rgb) if image_format == "jpg" else _encode_webp(rgb, alpha)


def encode_grey(grey: Alpha8, image_format: FileFormat) -> bytes:
    """Return a file of one channel, white where the subject is; a ZIP holds it as both of its pictures."""
    if image_format == "png":
        return write_png(grey, None)
    if image_format == "jpg":
        return _saved(Image.fromarray(grey), "JPEG", quality=_JPEG_QUALITY)
    colour = np.repeat(grey[..., np.newaxis], 3, axis=2)
    return _encode_zip(colour, grey) if image_format == "zip" else _encode_webp(colour, None, lossless=True)


def _encode_jpeg(rgb: Rgb8) -> bytes:
    """Keep colour at full resolution: halved, it would bleed across the cut edge."""
    return _saved(Image.fromarray(rgb), "JPEG", quality=_JPEG_QUALITY, subsampling=0)


def _encode_zip(rgb: Rgb8, alpha: Alpha8 | None) -> bytes:
    """Pack colour and matte as two files: together a fraction of one PNG's size. Neither can be packed any smaller."""
    matte = np.full(rgb.shape[:2], 255, np.uint8) if alpha is None else alpha
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (("color.jpg", _encode_jpeg(rgb)), ("alpha.png", write_png(matte, None))):
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), data)
    return file.getvalue()


def _encode_webp(rgb: Rgb8, alpha: Alpha8 | None, *, lossless: bool = False) -> bytes:
    if max(rgb.shape[:2]) > _WEBP_MAX_SIDE_PX:
        raise ImageTooLarge(
            f"WebP holds at most {_WEBP_MAX_SIDE_PX:,} pixels a side. Ask for PNG, or for a smaller size."
        )
    if alpha is None and lossless:
        return _saved(Image.fromarray(rgb), "WEBP", lossless=True, quality=0, method=0)
    if alpha is None:
        return _saved(Image.fromarray(rgb), "WEBP", quality=_OPAQUE_WEBP_QUALITY, method=1)
    # Lossless: a lossy one mixes the black of the hidden pixels into the colour of soft edges.
    return _saved(_as_image(interleave(rgb, alpha)), "WEBP", lossless=True, exact=True, quality=0, method=0)


def _as_image(rgba: Rgba8) -> Image.Image:
    """Return the array as an image that shares its memory."""
    return Image.frombuffer("RGBA", (rgba.shape[1], rgba.shape[0]), rgba, "raw", "RGBA", 0, 1)


def _saved(picture: Image.Image, image_format: str, **settings: int) -> bytes:
    file = io.BytesIO()
    picture.save(file, image_format, **settings)
    return file.getvalue()
