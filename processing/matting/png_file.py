"""Takes a PNG file apart into its chunks (W3C PNG, third edition) without decoding it."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from processing.matting.errors import UnreadableImage
from processing.matting.file_parts import MAX_PIECES, FileParts, Part, cut_off, damaged
from processing.matting.png_color import KINDS as COLOR_KINDS
from processing.matting.png_color import find_profiles
from processing.matting.png_layout import GRAY, PALETTE, RGB, PngLayout

SIGNATURE = b"\x89PNG\r\n\x1a\n"

# The chunks that say something about the pixels, and before which others they have to stand to be read.
_MUST_PRECEDE: Mapping[bytes, frozenset[bytes]] = {
    b"eXIf": frozenset(),
    b"tRNS": frozenset({b"IDAT"}),
    **dict.fromkeys(COLOR_KINDS, frozenset({b"IDAT"})),
    b"cICP": frozenset({b"PLTE", b"IDAT"}),
}
_MOST_PALETTE_ENTRIES = 256
_NUMBERS_IN_TRNS = {GRAY: 1, RGB: 3}
_END = b"IEND\xae\x42\x60\x82"  # without its length, which may be wrong
_END_CHUNK_BYTES = 12


class _Chunk(NamedTuple):
    kind: bytes
    start: int
    payload: memoryview
    end: int


def read_png(data: bytes) -> FileParts:
    """Take a PNG apart; of an APNG only the default picture is kept, as every viewer without animation shows it."""
    view = memoryview(data)
    chunks = _chunks(data)
    header = next(chunks)
    if header.kind != b"IHDR" or len(header.payload) != 13:
        raise damaged()
    parts: list[Part] = [view[: header.end]]
    has_palette = header.payload[9] == PALETTE
    compressed: list[memoryview] = []
    metadata: dict[bytes, bytes] = {}
    seen: set[bytes] = set()
    for chunk in chunks:
        if chunk.kind in (b"PLTE", b"IDAT", b"IEND") or (has_palette and _is_alpha_of_palette(chunk, seen)):
            parts.append(view[chunk.start : chunk.end])
        if chunk.kind == b"IDAT":
            compressed.append(chunk.payload)
        elif chunk.kind in _MUST_PRECEDE and seen.isdisjoint(_MUST_PRECEDE[chunk.kind]):
            metadata.setdefault(chunk.kind, bytes(chunk.payload))
        seen.add(chunk.kind)
    if has_palette and b"PLTE" not in seen:
        raise damaged()
    layout = _layout(header.payload, metadata.get(b"tRNS", b""), compressed)
    return FileParts(
        width=layout.width,
        height=layout.height,
        pixel_parts=parts,
        exif=metadata.get(b"eXIf"),
        icc_profiles=find_profiles(metadata, is_gray=layout.is_gray),
        png=layout,
    )


def _layout(header: memoryview, trns: bytes, compressed: list[memoryview]) -> PngLayout:
    bit_depth, color_type = header[8], header[9]
    return PngLayout(
        width=int.from_bytes(header[:4], "big"),
        height=int.from_bytes(header[4:8], "big"),
        bit_depth=bit_depth,
        color_type=color_type,
        is_interlaced=header[12] == 1,
        transparent_sample=_transparent_sample(trns, color_type, bit_depth),
        compressed=compressed,
    )


def _chunks(data: bytes) -> Iterator[_Chunk]:
    """Yield each chunk up to IEND; one that runs past the end of the file means damage, or that the end is missing."""
    view = memoryview(data)
    position = len(SIGNATURE)
    for _ in range(MAX_PIECES):
        payload = position + 8
        end = payload + int.from_bytes(view[position : position + 4], "big") + 4
        if end > len(view):
            raise damaged() if data.find(_END, max(0, position - _END_CHUNK_BYTES)) >= 0 else cut_off()
        kind = bytes(view[position + 4 : payload])
        yield _Chunk(kind, position, view[payload : end - 4], end)
        if kind == b"IEND":
            return
        position = end
    raise UnreadableImage


def _is_alpha_of_palette(chunk: _Chunk, seen: set[bytes]) -> bool:
    """Whether this is a tRNS chunk of a palette that counts: the first, at its place, of no more than 256 entries."""
    is_in_place = seen & {b"PLTE", b"tRNS", b"IDAT"} == {b"PLTE"}
    return chunk.kind == b"tRNS" and is_in_place and len(chunk.payload) <= _MOST_PALETTE_ENTRIES


def _transparent_sample(payload: bytes, color_type: int, bit_depth: int) -> tuple[int, ...] | None:
    """Return the color in a tRNS chunk: of its 16-bit numbers, only the lower `bit_depth` bits count."""
    numbers = _NUMBERS_IN_TRNS.get(color_type)
    if numbers is None or len(payload) < 2 * numbers:
        return None
    mask = (1 << bit_depth) - 1
    return tuple(int.from_bytes(payload[2 * i : 2 * i + 2], "big") & mask for i in range(numbers))
