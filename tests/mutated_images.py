"""Broken picture files without end: the same count and seed always give the same ones.

Half of the mutations keep lengths and checksums right, so that the damage comes as far as the decoder.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from PIL import Image

from tests.photos import photo_bytes


@dataclass(frozen=True)
class MutatedImage:
    """A damaged file and how it came about."""

    data: bytes
    story: str


def mutated_images(count: int, seed: int) -> Iterator[MutatedImage]:
    """Yield `count` damaged JPEG, PNG and WebP files in turn."""
    dice = random.Random(seed)
    families = ("jpeg", "png", "webp")
    for number in range(count):
        family = families[number % 3]
        name, data = dice.choice(_whole_files()[family])
        story = [name]
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            mutate = dice.choice(_MUTATIONS[family])
            data = mutate(data, dice)
            story.append(mutate.__name__.strip("_"))
        yield MutatedImage(data, f"#{number} {' > '.join(story)}")


@cache
def _whole_files() -> dict[str, list[tuple[str, bytes]]]:
    photo = Image.open(io.BytesIO(photo_bytes("chelsea"))).convert("RGB").resize((96, 64))
    with_alpha = photo.copy()
    with_alpha.putalpha(Image.linear_gradient("L").resize(photo.size))
    exif = (
        b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
    )
    grey_16 = photo.convert("I").point(lambda value: value * 257).convert("I;16")
    return {
        "jpeg": [
            ("baseline", _saved(photo, "JPEG", exif=exif)),
            ("progressive", _saved(photo, "JPEG", progressive=True)),
            ("grey", _saved(photo.convert("L"), "JPEG")),
            ("cmyk", _saved(photo.convert("CMYK"), "JPEG")),
            ("restarts", _saved(photo, "JPEG", restart_marker_blocks=4)),
            ("mpo", _saved(photo, "MPO", save_all=True, append_images=[photo])),
        ],
        "png": [
            ("rgb", _saved(photo, "PNG", exif=exif[6:])),
            ("rgba", _saved(with_alpha, "PNG")),
            ("palette", _saved(photo.quantize(16), "PNG", transparency=3)),
            ("16 bit", _saved(grey_16, "PNG")),
            ("1 bit", _saved(photo.convert("1"), "PNG")),
            ("animated", _saved(photo, "PNG", save_all=True, append_images=[photo.rotate(90)])),
        ],
        "webp": [
            ("lossy", _saved(photo, "WEBP", exif=exif)),
            ("lossless", _saved(photo, "WEBP", lossless=True)),
            ("rgba", _saved(with_alpha, "WEBP")),
            ("animated", _saved(photo, "WEBP", save_all=True, append_images=[photo.rotate(90)])),
        ],
    }


def _saved(picture: Image.Image, image_format: str, **settings: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, image_format, **settings)
    return file.getvalue()


# --- Anywhere in any file ---------------------------------------------------------------------------------------
def _flip_bits(data: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(dice.choice((1, 2, 8, 64)) if damaged else 0):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _flip_late_bits(data: bytes, dice: random.Random) -> bytes:
    half = len(data) // 2
    return data[:half] + _flip_bits(data[half:], dice)


def _truncate(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data) + 1)]


def _cut_out_a_piece(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data) + 1)
    return data[:start] + data[start + dice.randrange(64) :]


def _repeat_a_piece(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data) + 1)
    piece = data[start : start + dice.randrange(1, 256)]
    return data[:start] + piece * dice.choice((2, 3, 50)) + data[start + len(piece) :]


def _edit_header_number(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(2, 48)
    value = dice.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
    return data[:start] + value.to_bytes(4, dice.choice(("big", "little"))) + data[start + 4 :]


# --- JPEG: segments with right lengths --------------------------------------------------------------------------
def _jpeg_segments(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the segments before the first scan, and the rest."""
    position, segments = 2, []
    while data[position : position + 1] == b"\xff" and data[position + 1 : position + 2] not in (b"\xda", b""):
        end = position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if end <= position + 2 or end > len(data):
            break
        segments.append(data[position:end])
        position = end
    return segments, data[position:]


def _edit_jpeg_segment(data: bytes, dice: random.Random) -> bytes:
    segments, rest = _jpeg_segments(data)
    if segments:
        index = dice.randrange(len(segments))
        segments[index] = segments[index][:4] + _flip_bits(segments[index][4:], dice)
    return data[:2] + b"".join(segments) + rest


def _shuffle_jpeg_segments(data: bytes, dice: random.Random) -> bytes:
    segments, rest = _jpeg_segments(data)
    dice.shuffle(segments)
    return data[:2] + b"".join(segments) + rest


def _splice_jpeg_segments(data: bytes, dice: random.Random) -> bytes:
    segments, rest = _jpeg_segments(data)
    others, other_rest = _jpeg_segments(dice.choice(_whole_files()["jpeg"])[1])
    segments.insert(dice.randrange(len(segments) + 1), dice.choice(others))
    return data[:2] + b"".join(segments) + dice.choice((rest, other_rest))


# --- PNG: chunks with right lengths and checksums ---------------------------------------------------------------
def _png_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    position, chunks = 8, []
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        chunks.append((data[position + 4 : position + 8], data[position + 8 : position + 8 + length]))
        position += 12 + length
    return chunks


def _png_of(data: bytes, chunks: list[tuple[bytes, bytes]]) -> bytes:
    return data[:8] + b"".join(
        struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))
        for kind, payload in chunks
    )


def _edit_png_chunk(data: bytes, dice: random.Random) -> bytes:
    chunks = _png_chunks(data)
    if chunks:
        index = dice.randrange(len(chunks))
        chunks[index] = (chunks[index][0], _flip_bits(chunks[index][1], dice))
    return _png_of(data, chunks)


def _edit_png_pixels(data: bytes, dice: random.Random) -> bytes:
    """Damage what is deflated, and deflate it again."""
    chunks = _png_chunks(data)
    for index, (kind, payload) in enumerate(chunks):
        if kind == b"IDAT":
            inflater = zlib.decompressobj()
            try:
                raw = inflater.decompress(payload, 1_000_000)
            except zlib.error:
                return data
            changed = dice.choice((_flip_bits, _truncate, _repeat_a_piece))(raw, dice)
            chunks[index] = (kind, zlib.compress(changed))
    return _png_of(data, chunks)


def _splice_png_chunks(data: bytes, dice: random.Random) -> bytes:
    chunks = _png_chunks(data)
    others = _png_chunks(dice.choice(_whole_files()["png"])[1])
    chunks.insert(dice.randrange(len(chunks) + 1), dice.choice(others))
    return _png_of(data, chunks)


def _drop_png_chunk(data: bytes, dice: random.Random) -> bytes:
    chunks = _png_chunks(data)
    if chunks:
        del chunks[dice.randrange(len(chunks))]
    return _png_of(data, chunks)


# --- WebP: chunks with right lengths ----------------------------------------------------------------------------
def _webp_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    position, chunks = 12, []
    while position + 8 <= len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        chunks.append((data[position : position + 4], data[position + 8 : position + 8 + length]))
        position += 8 + length + length % 2
    return chunks


def _webp_of(chunks: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        kind + struct.pack("<I", len(payload)) + payload + b"\x00" * (len(payload) % 2) for kind, payload in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def _edit_webp_chunk(data: bytes, dice: random.Random) -> bytes:
    chunks = _webp_chunks(data)
    if chunks:
        index = dice.randrange(len(chunks))
        chunks[index] = (chunks[index][0], _flip_bits(chunks[index][1], dice))
    return _webp_of(chunks)


def _edit_webp_pixels(data: bytes, dice: random.Random) -> bytes:
    """Damage the coded picture behind its own header."""
    chunks = _webp_chunks(data)
    for index, (kind, payload) in enumerate(chunks):
        if kind in (b"VP8 ", b"VP8L", b"ALPH"):
            chunks[index] = (kind, payload[:24] + _flip_bits(payload[24:], dice))
    return _webp_of(chunks)


def _splice_webp_chunks(data: bytes, dice: random.Random) -> bytes:
    chunks = _webp_chunks(data)
    others = _webp_chunks(dice.choice(_whole_files()["webp"])[1])
    chunks.insert(dice.randrange(len(chunks) + 1), dice.choice(others))
    return _webp_of(chunks)


Mutation = Callable[[bytes, random.Random], bytes]
_ANYWHERE: tuple[Mutation, ...] = (
    _flip_bits,
    _flip_late_bits,
    _truncate,
    _cut_out_a_piece,
    _repeat_a_piece,
    _edit_header_number,
)
_MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "jpeg": (*_ANYWHERE, _edit_jpeg_segment, _shuffle_jpeg_segments, _splice_jpeg_segments, _flip_late_bits),
    "png": (*_ANYWHERE, _edit_png_chunk, _edit_png_pixels, _edit_png_pixels, _splice_png_chunks, _drop_png_chunk),
    "webp": (*_ANYWHERE, _edit_webp_chunk, _edit_webp_pixels, _edit_webp_pixels, _splice_webp_chunks),
}
