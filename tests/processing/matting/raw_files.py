"""Writes picture files by hand, for what no library writes: odd PNG depths, ICC profiles, YCCK, many scans."""

import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6


def png_chunk(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload)) + kind + payload + struct.pack(">I", zlib.crc32(kind + payload))


def png_of_rows(
    rows: Sequence[bytes], *, width: int, depth: int, colour_type: int, chunks: Sequence[tuple[bytes, bytes]] = ()
) -> bytes:
    """Return a PNG of packed rows, with further chunks before the pixels."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour_type, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\x00" + row for row in rows))
    pieces = [(b"IHDR", header), *chunks, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*piece) for piece in pieces)


def png_16_bit(samples: NDArray[np.uint16], chunks: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
    """Return a PNG of 16-bit samples (height, width) or (height, width, 2, 3 or 4)."""
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    colour_type = {1: GREY, 2: GREY_ALPHA, 3: RGB, 4: RGBA}[channels]
    rows = [row.astype(">u2").tobytes() for row in samples]
    return png_of_rows(rows, width=samples.shape[1], depth=16, colour_type=colour_type, chunks=chunks)


_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def interlaced_png(
    samples: NDArray[np.uint16],
    depth: int,
    chunks: Sequence[tuple[bytes, bytes]] = (),
    *,
    is_interlaced: bool = True,
    lacking: int = 0,
) -> bytes:
    """Return a gray (height, width) or RGB (height, width, 3) PNG; `lacking` bytes are left out at the end."""
    passes = _ADAM7 if is_interlaced else ((0, 0, 1, 1),)
    rows = [
        b"\x00" + _packed(row, depth)
        for left, top, across, down in passes
        for row in samples[top::down, left::across]
        if row.size
    ]
    pixels = b"".join(rows)
    colour_type = GREY if samples.ndim == 2 else RGB
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(is_interlaced))
    packed = zlib.compress(pixels[: len(pixels) - lacking])
    pieces = [(b"IHDR", header), *chunks, (b"IDAT", packed), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*piece) for piece in pieces)


def _packed(row: NDArray[np.uint16], depth: int) -> bytes:
    if depth == 16:
        return row.astype(">u2").tobytes()
    bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth :]
    return np.packbits(bits.ravel()).tobytes()


def exif_block(orientation: int, *, order: str = "<") -> bytes:
    """Return a TIFF block with the orientation and nothing else."""
    mark = {"<": b"II*\x00", ">": b"MM\x00*"}[order]
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


def ycck_jpeg(cmyk: Image.Image) -> bytes:
    """Return a JPEG that stores ink as luma and chroma plus black, as Photoshop does (Adobe transform 2)."""
    cyan, magenta, yellow, black = cmyk.split()
    luma, blue, red = Image.merge("RGB", (cyan, magenta, yellow)).convert("YCbCr").split()
    inverted = [plane.point(lambda value: 255 - value) for plane in (luma, blue, red)]
    file = io.BytesIO()
    Image.merge("CMYK", (*inverted, black)).save(file, "JPEG", quality=95)
    data = bytearray(file.getvalue())
    adobe = data.index(b"Adobe")
    data[adobe + 11] = 2
    return bytes(data)


def jpeg_with_extra_scans(progressive: bytes, count: int) -> bytes:
    """Return a progressive JPEG whose last scan is repeated `count` times."""
    last = progressive.rindex(b"\xff\xda")
    scan, end = progressive[last:-2], progressive[-2:]
    return progressive[:last] + scan * (count + 1) + end


def _fixed(*values: float) -> bytes:
    return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))


def _icc_profile(space: bytes, connection: bytes, device: bytes, tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    offset = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, payload in tags:
        padded = payload + b"\x00" * (-len(payload) % 4)
        table += name + struct.pack(">II", offset + len(body), len(payload))
        body += padded
    size = offset + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\x00" * 4, 0x02400000, device, space, connection)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\x00" * 28 + _fixed(0.9642, 1.0, 0.8249)
    return header.ljust(128, b"\x00") + table + body


def _words() -> list[tuple[bytes, bytes]]:
    description = b"desc" + b"\x00" * 4 + struct.pack(">I", 5) + b"test\x00" + b"\x00" * 78
    return [(b"desc", description), (b"cprt", b"text" + b"\x00" * 4 + b"none\x00")]


def _gamma(value: float) -> bytes:
    return b"curv" + b"\x00" * 4 + struct.pack(">IH", 1, round(value * 256))


def _xyz(*values: float) -> bytes:
    return b"XYZ " + b"\x00" * 4 + _fixed(*values)


def rgb_profile(*, gamma: float = 1.0) -> bytes:
    """Return a profile with the primaries of sRGB (adapted to D50) and a plain gamma."""
    tags = [
        *_words(),
        (b"wtpt", _xyz(0.9642, 1.0, 0.8249)),
        (b"rXYZ", _xyz(0.4361, 0.2225, 0.0139)),
        (b"gXYZ", _xyz(0.3851, 0.7169, 0.0971)),
        (b"bXYZ", _xyz(0.1431, 0.0606, 0.7141)),
        *[(name, _gamma(gamma)) for name in (b"rTRC", b"gTRC", b"bTRC")],
    ]
    return _icc_profile(b"RGB ", b"XYZ ", b"mntr", tags)


def grey_profile(*, gamma: float = 1.0) -> bytes:
    """Return a grey profile with a plain gamma."""
    tags = [*_words(), (b"wtpt", _xyz(0.9642, 1.0, 0.8249)), (b"kTRC", _gamma(gamma))]
    return _icc_profile(b"GRAY", b"XYZ ", b"mntr", tags)


def cmyk_profile() -> bytes:
    """Return an ink profile in which only black ink covers: lightness is 100 (1 - K), colour is lost."""
    identity = bytes(range(256))
    corners = b"".join(bytes((0 if k else 255, 128, 128)) for _ in range(8) for k in (0, 1))
    lut = b"mft1" + b"\x00" * 4 + bytes((4, 3, 2, 0)) + _fixed(1, 0, 0, 0, 1, 0, 0, 0, 1)
    lut += identity * 4 + corners + identity * 3
    tags = [*_words(), (b"wtpt", _xyz(0.9642, 1.0, 0.8249)), (b"A2B0", lut)]
    return _icc_profile(b"CMYK", b"Lab ", b"prtr", tags)
