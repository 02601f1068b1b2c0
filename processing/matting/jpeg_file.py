"""Takes a JPEG file apart into its segments (ITU-T T.81, annex B) without decoding it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from processing.matting.errors import UnreadableImage
from processing.matting.file_parts import MAX_PIECES, FileParts, Part, cut_off

SIGNATURE = b"\xff\xd8\xff"

_TEM, _SOI, _EOI, _SOS = 0x01, 0xD8, 0xD9, 0xDA
_APP0, _APP1, _APP2, _APP14, _APP15, _COM = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Any marker but stuffing (00), fill (FF) and restarts (D0-D7), which belong to the scan around them.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]", re.DOTALL)
_EXIF, _ICC, _JFIF, _ADOBE = b"Exif\x00\x00", b"ICC_PROFILE\x00", b"JFIF\x00", b"Adobe"


class _Segment(NamedTuple):
    """One marker with its parameters; `end` is where the entropy-coded data after it ends, if there is any."""

    marker: int
    start: int
    payload: bytes
    end: int


def read_jpeg(data: bytes, *, max_scans: int) -> FileParts:
    """Take the first picture of a JPEG file (also of an MPO) apart; raise UnreadableImage over `max_scans` scans."""
    size: tuple[int, int] | None = None
    scans = 0
    lacks_end = True
    exif: bytes | None = None
    icc_chunks: list[bytes] = []
    view = memoryview(data)
    parts: list[Part] = [view[:2]]
    for segment in _segments(data):
        if segment.marker in _FRAMES and size is None:
            size = _frame_size(segment.payload)
        elif segment.marker == _SOS:
            scans += 1
            if scans > max_scans:
                raise UnreadableImage(f"The JPEG has more than {max_scans} scans. Save it again as PNG or plain JPEG.")
        elif segment.marker == _EOI:
            lacks_end = False
        elif segment.marker == _APP1 and segment.payload.startswith(_EXIF):
            exif = exif or segment.payload
        elif segment.marker == _APP2 and segment.payload.startswith(_ICC):
            icc_chunks.append(segment.payload[len(_ICC) :])
        if _matters_to_pixels(segment):
            parts.append(view[segment.start : segment.end])
    if size is None or not scans:
        raise cut_off()
    return FileParts(
        width=size[0],
        height=size[1],
        pixel_parts=parts,
        exif=exif,
        icc_profile=_joined_profile(icc_chunks),
        lacks_end=lacks_end,
    )


def _segments(data: bytes) -> Iterator[_Segment]:
    """Yield each segment up to the end of the first picture; what lies inside a segment is never looked at."""
    position = 2
    for _ in range(MAX_PIECES):
        found = _MARKER.search(data, position)
        if found is None:
            return
        start, marker = found.start(), data[found.start() + 1]
        if marker in (_EOI, _SOI, _TEM):
            yield _Segment(marker, start, b"", start + 2)
            if marker == _EOI:
                return
            position = start + 2
            continue
        payload_end = start + 2 + int.from_bytes(data[start + 2 : start + 4], "big")
        if payload_end < start + 4 or payload_end > len(data):
            raise cut_off()
        position = payload_end
        yield _Segment(marker, start, data[start + 4 : payload_end], _end_of_scan(data, payload_end, marker))
    raise UnreadableImage


def _end_of_scan(data: bytes, payload_end: int, marker: int) -> int:
    if marker != _SOS:
        return payload_end
    following = _MARKER.search(data, payload_end)
    return following.start() if following else len(data)


def _frame_size(payload: bytes) -> tuple[int, int]:
    """Return (width, height) of a frame header."""
    if len(payload) < 5:
        raise UnreadableImage
    return int.from_bytes(payload[3:5], "big"), int.from_bytes(payload[1:3], "big")


def _matters_to_pixels(segment: _Segment) -> bool:
    """Whether a decoder needs the segment: of the application's own, only those that tell the colour model."""
    if segment.marker == _APP0:
        return segment.payload.startswith(_JFIF)
    if segment.marker == _APP14:
        return segment.payload.startswith(_ADOBE)
    return segment.marker != _COM and not _APP1 <= segment.marker <= _APP15


def _joined_profile(chunks: list[bytes]) -> bytes | None:
    """Join the ICC profile from its numbered chunks (ICC.1, annex B.4); None where one is missing."""
    numbered = sorted(chunk for chunk in chunks if len(chunk) > 2)
    if not numbered or [chunk[0] for chunk in numbered] != list(range(1, len(numbered) + 1)):
        return None
    return b"".join(chunk[2:] for chunk in numbered)
