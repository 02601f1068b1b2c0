"""Takes a JPEG file apart into its segments (ITU-T T.81, annex B) without decoding it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from processing.matting.errors import UnreadableImage
from processing.matting.exif import PREFIX as EXIF_PREFIX
from processing.matting.file_parts import MAX_PIECES, FileParts, Part, cut_off, damaged

SIGNATURE = b"\xff\xd8\xff"

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_FIRST_VALID = 0xC0  # below: reserved, and TEM, which no decoder asks for
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARKER_IN_HEADER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)
# Inside a scan libjpeg skips reserved markers (01-BF), which only damage puts there, and restarts at the next RST.
_MARKER_IN_SCAN = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]", re.DOTALL)
_MAX_PADDING = 4096
_ICC, _JFIF, _ADOBE = b"ICC_PROFILE\x00", b"JFIF\x00", b"Adobe"


class _Segment(NamedTuple):
    """One marker with its parameters."""

    marker: int
    start: int
    payload: bytes
    end: int


def read_jpeg(data: bytes, *, max_scans: int) -> FileParts:
    """Take the first picture of a JPEG file (also of an MPO) apart; raise UnreadableImage over `max_scans` scans.

    From the first scan on every byte is kept: what damaged scan data means is for the decoder to say.
    """
    size: tuple[int, int] | None = None
    scans = 0
    picture_end: int | None = None
    exif: bytes | None = None
    icc_chunks: list[bytes] = []
    view = memoryview(data)
    parts: list[Part] = [view[:2]]
    first_scan = len(data)
    for segment in _segments(data):
        if segment.marker in _FRAMES and size is None:
            size = _frame_size(segment.payload)
        elif segment.marker == _SOS:
            scans += 1
            first_scan = min(first_scan, segment.start)
            if scans > max_scans:
                raise UnreadableImage(f"The JPEG has more than {max_scans} scans. Save it again as PNG or plain JPEG.")
        elif segment.marker == _EOI:
            picture_end = segment.end
        elif scans:  # browsers read no metadata after the first scan
            continue
        elif segment.marker == _APP1 and segment.payload.startswith(EXIF_PREFIX):
            exif = exif or segment.payload
        elif segment.marker == _APP2 and segment.payload.startswith(_ICC):
            icc_chunks.append(segment.payload[len(_ICC) :])
        if not scans and _matters_to_pixels(segment):
            parts.append(view[segment.start : segment.end])
    if size is None or not scans:
        raise _without_picture(data)
    return FileParts(
        width=size[0],
        height=size[1],
        pixel_parts=[*parts, view[first_scan:picture_end]],
        exif=exif,
        icc_profiles=_joined_profile(icc_chunks),
        lacks_end=picture_end is None and not _has_end(data),
    )


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield each segment up to the end of the first picture; what lies inside a segment is never looked at."""
    position = 2
    marker_pattern = _MARKER_IN_HEADER
    for _ in range(MAX_PIECES):
        found = marker_pattern.search(data, position)
        if found is None:
            return
        segment = _segment_at(data, found.start())
        if segment.end > len(data):
            if marker_pattern is _MARKER_IN_HEADER:
                raise _without_picture(data)
            return
        yield segment
        if segment.marker == _EOI:
            return
        if segment.marker == _SOS:
            marker_pattern = _MARKER_IN_SCAN
        position = segment.end
    raise UnreadableImage


def _segment_at(data: bytes, start: int) -> _Segment:
    marker = data[start + 1]
    if marker in (_EOI, _SOI) or marker < _FIRST_VALID:
        return _Segment(marker, start, b"", start + 2)
    # A length below its own two bytes stands for no payload, as libjpeg reads it.
    end = start + 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
    return _Segment(marker, start, data[start + 4 : end], end)


def _without_picture(data: bytes) -> UnreadableImage:
    return damaged() if _has_end(data) else cut_off()


def _has_end(data: bytes) -> bool:
    """Whether the last bytes are the end marker, zero padding aside."""
    return data[-_MAX_PADDING:].rstrip(b"\x00").endswith(b"\xff\xd9")


def _frame_size(payload: bytes) -> tuple[int, int]:
    """Return (width, height) of a frame header."""
    if len(payload) < 5:
        raise damaged()
    return int.from_bytes(payload[3:5], "big"), int.from_bytes(payload[1:3], "big")


def _matters_to_pixels(segment: _Segment) -> bool:
    """Whether a decoder needs the segment: of the application's own, only those that tell the colour model."""
    if segment.marker == _APP0:
        return segment.payload.startswith(_JFIF)
    if segment.marker == _APP14:
        return segment.payload.startswith(_ADOBE)
    return segment.marker != _COM and not _APP1 <= segment.marker <= _APP15


def _joined_profile(chunks: list[bytes]) -> tuple[bytes, ...]:
    """Join the ICC profile from its numbered chunks (ICC.1, annex B.4); nothing where one is missing."""
    numbered = sorted(chunk for chunk in chunks if len(chunk) > 2)
    if not numbered or [chunk[0] for chunk in numbered] != list(range(1, len(numbered) + 1)):
        return ()
    return (b"".join(chunk[2:] for chunk in numbered),)
