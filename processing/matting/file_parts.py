"""What a reader of JPEG, PNG or WebP files finds without touching a pixel."""

from collections.abc import Sequence
from dataclasses import dataclass

from processing.matting.errors import UnreadableImage
from processing.matting.errors import translatable as _
from processing.matting.png_layout import PngLayout

Part = bytes | memoryview

# More pieces than any camera or editor writes; a file of a million empty ones is made to waste time.
MAX_PIECES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileParts:
    """A file taken apart: `width` x `height` as stored (before EXIF orientation), metadata, and what holds the pixels.

    `icc_profiles` say what the colors mean: the first that fits the picture counts, none stands for sRGB.
    `lacks_end`: no end marker was found; whether the pixels can be read all the same is for the decoder to say.
    """

    width: int
    height: int
    pixel_parts: Sequence[Part]
    exif: bytes | None = None
    icc_profiles: Sequence[bytes] = ()
    png: PngLayout | None = None
    lacks_end: bool = False

    def without_metadata(self) -> bytes:
        """Return the same picture as a file that holds its first frame and nothing else."""
        return b"".join(self.pixel_parts)


def cut_off() -> UnreadableImage:
    """Return the refusal of a file that ends too early."""
    return UnreadableImage(_("The image file is cut off: its end is missing. Send the whole file again."))


def damaged() -> UnreadableImage:
    """Return the refusal of a file that is whole but altered."""
    return UnreadableImage(_("The image file is damaged. Save it again as PNG or JPEG, or send another copy."))
