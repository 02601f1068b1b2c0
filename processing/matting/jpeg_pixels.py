"""Decodes faultless JPEGs of the common kind straight into an array, where libjpeg-turbo's own binding is installed.

The same decoder as Pillow's, so the same pixels; but no copy of the picture in Pillow's four bytes a pixel, and none
out of it. The binding is used where its wheel is installed.
"""

from processing.matting.arrays import Rgb8

try:
    import simplejpeg
except ImportError:
    simplejpeg = None


def find_jpeg_pixels(data: bytes, *, width: int, height: int) -> Rgb8 | None:
    """Return the pixels of a JPEG of luma and chroma; None for any other, for one with any fault, or without binding.

    A fault is whatever libjpeg as much as warns of. What then becomes of the file is for the caller's decoder to say.
    """
    if simplejpeg is None:
        return None
    try:
        if simplejpeg.decode_jpeg_header(data)[:3] != (height, width, "YCbCr"):
            return None
        pixels: Rgb8 = simplejpeg.decode_jpeg(data, "RGB", strict=True)
    except ValueError:
        return None
    return pixels


def find_warning(data: bytes, mode: str) -> str | None:
    """Return the first warning or error of libjpeg about a JPEG of this Pillow mode; None without any, or binding."""
    if simplejpeg is None:
        return None
    try:
        # Smaller by 8 each way: every scan is read, but hardly a pixel computed.
        simplejpeg.decode_jpeg(data, "CMYK" if mode == "CMYK" else "GRAY", strict=True, min_factor=8)
    except ValueError as error:
        return str(error)
    return None
