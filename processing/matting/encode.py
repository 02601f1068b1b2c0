"""Pixels -> the bytes of a file, with nothing in it but the picture; the same pixels always give the same bytes."""

import io

from PIL import Image

from processing.matting.arrays import Alpha8, Rgb8, Rgba8
from processing.matting.composite import interleave
from processing.matting.errors import ImageTooLarge
from processing.matting.options import ImageFormat
from processing.matting.png_writer import write_png

CONTENT_TYPES: dict[ImageFormat, str] = {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp"}

_JPEG_QUALITY = 92
_OPAQUE_WEBP_QUALITY = 92
_WEBP_MAX_SIDE_PX = 16_383


def encode(rgb: Rgb8, alpha: Alpha8 | None, image_format: ImageFormat) -> bytes:
    """Return the file; `alpha` is straight and None for an opaque picture. A JPEG is always opaque.

    The colour of pixels that are not seen at all is written as black: it does not travel in the file.
    Raises ImageTooLarge where the format cannot hold so many pixels a side.
    """
    if image_format == "png":
        return write_png(rgb, alpha)
    return _encode_jpeg(rgb) if image_format == "jpg" else _encode_webp(rgb, alpha)


def _encode_jpeg(rgb: Rgb8) -> bytes:
    """Keep colour at full resolution: halved, it would bleed across the cut edge."""
    return _saved(Image.fromarray(rgb), "JPEG", quality=_JPEG_QUALITY, subsampling=0)


def _encode_webp(rgb: Rgb8, alpha: Alpha8 | None) -> bytes:
    if max(rgb.shape[:2]) > _WEBP_MAX_SIDE_PX:
        raise ImageTooLarge(
            f"WebP holds at most {_WEBP_MAX_SIDE_PX:,} pixels a side. Ask for PNG, or for a smaller size."
        )
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
