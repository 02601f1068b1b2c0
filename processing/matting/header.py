"""Tells what a file is and whether it is within the limits, from its header alone: no pixel is decoded."""

from dataclasses import dataclass
from typing import Literal

from processing.matting import jpeg_file, png_file
from processing.matting.errors import FileTooLarge, ImageTooLarge, NoDimensions, UnknownFileType
from processing.matting.errors import translatable as _
from processing.matting.exif import read_orientation
from processing.matting.file_parts import FileParts
from processing.matting.jpeg_file import read_jpeg
from processing.matting.options import DecodeLimits
from processing.matting.png_file import read_png
from processing.matting.webp_file import is_webp, read_webp

InputFormat = Literal["jpeg", "png", "webp"]

_SIDEWAYS = frozenset({5, 6, 7, 8})
MIB = 1024 * 1024

# Formats that people send by mistake: where the mark stands, the mark, the name they know it by.
_OTHER_FORMATS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"%PDF", "PDF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"<svg", "SVG"),
    (4, b"ftypavif", "AVIF"),
    (4, b"ftyphei", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftyphevc", "HEIC"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What the file is; `width` and `height` are those of the upright picture, EXIF orientation applied."""

    format: InputFormat
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file within the limits, taken apart, with its orientation 1..8; it keeps the file's bytes alive."""

    format: InputFormat
    parts: FileParts
    orientation: int

    @property
    def header(self) -> ImageHeader:
        """What the file is, once it is turned upright."""
        width, height = self.parts.width, self.parts.height
        if self.orientation in _SIDEWAYS:
            width, height = height, width
        return ImageHeader(format=self.format, width=width, height=height)


def read_header(image_bytes: bytes, limits: DecodeLimits) -> ImageHeader:
    """Return format and upright size of a picture; raise UnreadableImage or ImageTooLarge without decoding it."""
    return open_file(image_bytes, limits).header


def open_file(image_bytes: bytes, limits: DecodeLimits) -> OpenedFile:
    """Take the file apart and check every limit; raise UnreadableImage or ImageTooLarge."""
    if len(image_bytes) > limits.max_bytes:
        raise FileTooLarge(
            _("The file has %(size).1f MiB; the limit is %(limit)g MiB. Save it smaller or with more compression."),
            values={"size": len(image_bytes) / MIB, "limit": limits.max_bytes / MIB},
        )
    image_format = _sniff(image_bytes)
    parts = _take_apart(image_bytes, image_format, limits)
    _check_size(parts.width, parts.height, limits)
    return OpenedFile(format=image_format, parts=parts, orientation=read_orientation(parts.exif))


def _sniff(image_bytes: bytes) -> InputFormat:
    """Decide the format by content alone; names and declared types are not asked."""
    if image_bytes.startswith(jpeg_file.SIGNATURE):
        return "jpeg"
    if image_bytes.startswith(png_file.SIGNATURE):
        return "png"
    if is_webp(image_bytes):
        return "webp"
    if not image_bytes:
        raise UnknownFileType(_("The file is empty. Send a JPEG, PNG or WebP image."))
    for offset, mark, name in _OTHER_FORMATS:
        if image_bytes.startswith(mark, offset):
            raise UnknownFileType(
                _("The file is of the format %(kind)s. Save it as JPEG, PNG or WebP and send it again."),
                values={"kind": name},
            )
    raise UnknownFileType(_("This is not a JPEG, PNG or WebP image. Save it as one of these and send it again."))


def _take_apart(image_bytes: bytes, image_format: InputFormat, limits: DecodeLimits) -> FileParts:
    if image_format == "jpeg":
        return read_jpeg(image_bytes, max_scans=limits.max_jpeg_scans)
    return {"png": read_png, "webp": read_webp}[image_format](image_bytes)


def _check_size(width: int, height: int, limits: DecodeLimits) -> None:
    if width < 1 or height < 1:
        raise NoDimensions
    if max(width, height) > limits.max_side_px:
        raise ImageTooLarge(
            _("The image is %(width)d x %(height)d pixels; the limit is %(limit)s pixels a side. Make it smaller."),
            values={"width": width, "height": height, "limit": f"{limits.max_side_px:,}"},
        )
    if width * height > limits.max_pixels:
        raise ImageTooLarge(
            _("The image has %(count)s pixels; the limit is %(limit)s. Make it smaller."),
            values={"count": f"{width * height:,}", "limit": f"{limits.max_pixels:,}"},
        )
