"""Takes a WebP file apart into its RIFF chunks (RFC 9649) without decoding it."""

from collections.abc import Iterator
from typing import NamedTuple

from processing.matting.errors import UnreadableImage
from processing.matting.file_parts import MAX_PIECES, FileParts, Part, cut_off, damaged

_ICC_FLAG, _EXIF_FLAG, _XMP_FLAG = 0x20, 0x08, 0x04
_METADATA_FLAGS = _ICC_FLAG | _EXIF_FLAG | _XMP_FLAG
_LOSSY_START_CODE = b"\x9d\x01\x2a"
_LOSSLESS_SIGNATURE = 0x2F
_SHORTEST = 20  # bytes: the RIFF header and that of one chunk


class _Chunk(NamedTuple):
    kind: bytes
    payload: memoryview
    whole: memoryview


def is_webp(data: bytes) -> bool:
    """Whether the content starts as a WebP file does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read_webp(data: bytes) -> FileParts:
    """Take a WebP apart; of an animation only the first frame on its canvas is kept."""
    chunks = list(_chunks(data))
    width, height = _picture_size(chunks[0])
    parts = list(_pixel_parts(chunks))
    riff_size = 4 + sum(len(part) for part in parts)
    return FileParts(
        width=width,
        height=height,
        pixel_parts=[b"RIFF", riff_size.to_bytes(4, "little"), b"WEBP", *parts],
        exif=_first(chunks, b"EXIF"),
        icc_profiles=[bytes(chunk.payload) for chunk in chunks if chunk.kind == b"ICCP"][:1],
    )


def _chunks(data: bytes) -> Iterator[_Chunk]:
    riff_end = 8 + int.from_bytes(data[4:8], "little")
    if len(data) < _SHORTEST:
        raise cut_off()
    if riff_end < _SHORTEST:
        raise damaged()
    view = memoryview(data)[:riff_end]
    position = 12
    for _ in range(MAX_PIECES):
        if position + 8 > len(view):
            if riff_end > len(data):
                raise damaged() if position == len(view) else cut_off()
            return
        payload = position + 8
        end = payload + int.from_bytes(view[position + 4 : payload], "little")
        if end > len(view):
            raise cut_off() if riff_end > len(data) else damaged()
        padded_end = end + (end - payload) % 2
        yield _Chunk(bytes(view[position : position + 4]), view[payload:end], view[position:padded_end])
        position = padded_end
    raise UnreadableImage


def _picture_size(first: _Chunk) -> tuple[int, int]:
    """Return (width, height) of the canvas, or of the one picture where there is no canvas."""
    payload = first.payload
    if first.kind == b"VP8X" and len(payload) >= 10:
        return 1 + int.from_bytes(payload[4:7], "little"), 1 + int.from_bytes(payload[7:10], "little")
    if first.kind == b"VP8 " and len(payload) >= 10 and payload[3:6] == _LOSSY_START_CODE:
        return (
            int.from_bytes(payload[6:8], "little") & 0x3FFF,
            int.from_bytes(payload[8:10], "little") & 0x3FFF,
        )
    if first.kind == b"VP8L" and len(payload) >= 5 and payload[0] == _LOSSLESS_SIGNATURE:
        bits = int.from_bytes(payload[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    raise damaged()


def _pixel_parts(chunks: list[_Chunk]) -> Iterator[Part]:
    seen_frame = False
    for chunk in chunks:
        if chunk.kind == b"VP8X":
            yield _without_metadata_flags(chunk)
        elif chunk.kind in (b"VP8 ", b"VP8L", b"ALPH", b"ANIM"):
            yield chunk.whole
        elif chunk.kind == b"ANMF" and not seen_frame:
            seen_frame = True
            yield chunk.whole


def _without_metadata_flags(canvas: _Chunk) -> bytes:
    whole = bytearray(canvas.whole)
    whole[8] &= ~_METADATA_FLAGS & 0xFF
    return bytes(whole)


def _first(chunks: list[_Chunk], kind: bytes) -> bytes | None:
    return next((bytes(chunk.payload) for chunk in chunks if chunk.kind == kind), None)
