"""Takes a PNG file apart into its chunks (W3C PNG, third edition) without decoding it."""

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from processing.matting.errors import UnreadableImage
from processing.matting.file_parts import MAX_PIECES, FileParts, Part, cut_off

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PALETTE = 3
_MAX_PROFILE_BYTES = 4 * 1024 * 1024
_NUMBERS_IN_TRNS = {0: 1, 2: 3}  # by colour type: grey, RGB


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    payload: memoryview
    end: int


def read_png(data: bytes) -> FileParts:
    """Take a PNG apart; of an APNG only the default picture is kept, as every viewer without animation shows it."""
    view = memoryview(data)
    chunks = _chunks(view)
    header = next(chunks)
    if header.kind != b"IHDR" or len(header.payload) != 13:
        raise UnreadableImage
    bit_depth, colour_type = header.payload[8], header.payload[9]
    parts: list[Part] = [view[: header.end]]
    metadata: dict[bytes, bytes] = {}
    for chunk in chunks:
        if chunk.kind in (b"PLTE", b"IDAT", b"IEND") or (chunk.kind == b"tRNS" and colour_type == _PALETTE):
            parts.append(view[chunk.start : chunk.end])
        elif chunk.kind in (b"eXIf", b"iCCP", b"tRNS"):
            metadata.setdefault(chunk.kind, bytes(chunk.payload))
    return FileParts(
        width=int.from_bytes(header.payload[:4], "big"),
        height=int.from_bytes(header.payload[4:8], "big"),
        pixel_parts=parts,
        exif=metadata.get(b"eXIf"),
        icc_profile=_inflated_profile(metadata.get(b"iCCP", b"")),
        bit_depth=bit_depth,
        transparent_sample=_transparent_sample(metadata.get(b"tRNS", b""), colour_type),
    )


def _chunks(view: memoryview) -> Iterator[_Chunk]:
    """Yield each chunk up to IEND; a chunk that runs past the end of the file, or no IEND, means it was cut off."""
    position = len(SIGNATURE)
    for _ in range(MAX_PIECES):
        payload = position + 8
        end = payload + int.from_bytes(view[position : position + 4], "big") + 4
        if end > len(view):
            raise cut_off()
        kind = bytes(view[position + 4 : payload])
        yield _Chunk(kind, position, view[payload : end - 4], end)
        if kind == b"IEND":
            return
        position = end
    raise UnreadableImage


def _inflated_profile(payload: bytes) -> bytes | None:
    """Return the ICC profile of an iCCP chunk (name, NUL, method, zlib data); None where it is broken or a bomb."""
    _, _, compressed = payload.partition(b"\x00")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(compressed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if inflater.eof else None


def _transparent_sample(payload: bytes, colour_type: int) -> tuple[int, ...] | None:
    numbers = _NUMBERS_IN_TRNS.get(colour_type)
    if numbers is None or len(payload) < 2 * numbers:
        return None
    return tuple(int.from_bytes(payload[2 * i : 2 * i + 2], "big") for i in range(numbers))
