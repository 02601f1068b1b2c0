"""PNG files whose chunks say what their colors mean, over colors from all of the RGB cube and over all grays."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from tests.processing.matting.raw_files import GREY, PALETTE, RGB, grey_profile, png_of_rows, rgb_profile

Chunk = tuple[bytes, bytes]

_STEPS = np.linspace(0, 255, 9).round().astype(np.uint8)
CUBE = np.stack(np.meshgrid(_STEPS, _STEPS, _STEPS, indexing="ij"), axis=-1).reshape(27, 27, 3)
RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)

SRGB: Chunk = (b"sRGB", b"\x00")


def chrm(*numbers: float) -> Chunk:
    """Return a cHRM chunk: x and y of white, red, green and blue."""
    return b"cHRM", struct.pack(">8I", *(round(number * 100_000) for number in numbers))


def gama(value: float) -> Chunk:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def cicp(primaries: int, transfer: int, matrix: int = 0, full_range: int = 1) -> Chunk:
    return b"cICP", bytes((primaries, transfer, matrix, full_range))


def iccp(profile: bytes) -> Chunk:
    return b"iCCP", b"test\x00\x00" + zlib.compress(profile)


DISPLAY_P3 = chrm(0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
ADOBE_RGB = chrm(0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
PROPHOTO = chrm(0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001)
SPANS_NOTHING = chrm(*[0.3] * 8)


@dataclass(frozen=True)
class ColorCase:
    """Chunks before the pixels; `gray_chunks` where those of a gray PNG differ."""

    name: str
    chunks: Sequence[Chunk]
    gray_chunks: Sequence[Chunk] | None = None
    tolerance: int = field(default=2)

    def __str__(self) -> str:
        return self.name

    def rgb_file(self) -> bytes:
        return png_of_rows([row.tobytes() for row in CUBE], width=27, depth=8, colour_type=RGB, chunks=self.chunks)

    def gray_file(self) -> bytes:
        chunks = self.chunks if self.gray_chunks is None else self.gray_chunks
        return png_of_rows([row.tobytes() for row in RAMP], width=16, depth=8, colour_type=GREY, chunks=chunks)


_PALETTE = CUBE[:9].reshape(243, 3)


def palette_file(*chunks: Chunk, is_late: bool = False) -> bytes:
    """Return a PNG of a palette, with the chunks before the palette or after it."""
    palette = (b"PLTE", _PALETTE.tobytes())
    rows = [bytes(range(start, start + 27)) for start in range(0, 243, 27)]
    ordered = [palette, *chunks] if is_late else [*chunks, palette]
    return png_of_rows(rows, width=27, depth=8, colour_type=PALETTE, chunks=ordered)


_BROKEN = iccp(rgb_profile()[:200])

COLOR_CASES = (
    ColorCase("unlabeled", []),
    ColorCase("sRGB", [SRGB]),
    ColorCase("cHRM and gAMA of Display P3", [DISPLAY_P3, gama(0.45455)]),
    ColorCase("cHRM and gAMA of Adobe RGB", [ADOBE_RGB, gama(0.4547)]),
    ColorCase("cHRM and gAMA of ProPhoto", [PROPHOTO, gama(0.5556)]),
    ColorCase("cHRM alone", [DISPLAY_P3]),
    ColorCase("cHRM that spans no space", [SPANS_NOTHING, gama(1.0)]),
    *(ColorCase(f"gAMA {value} alone", [gama(value)]) for value in (0.4, 0.43, 0.44, 0.45455, 0.47, 0.48, 0.6, 1.0)),
    ColorCase("gAMA 0", [gama(0)]),
    ColorCase("gAMA 0 with cHRM", [gama(0), DISPLAY_P3]),
    ColorCase("sRGB before cHRM and gAMA", [SRGB, DISPLAY_P3, gama(1.0)]),
    ColorCase("iCCP before sRGB", [iccp(rgb_profile()), SRGB], [iccp(grey_profile()), SRGB]),
    ColorCase("iCCP before cHRM and gAMA", [iccp(rgb_profile()), DISPLAY_P3, gama(0.45455)], []),
    ColorCase("broken iCCP, then cHRM and gAMA", [_BROKEN, DISPLAY_P3, gama(0.45455)]),
    ColorCase("broken iCCP, then sRGB", [_BROKEN, SRGB, DISPLAY_P3, gama(1.0)]),
    *(ColorCase(f"sRGB of {payload!r}", [(b"sRGB", payload), gama(1.0)]) for payload in (b"", b"\x09", b"\x00\x00")),
    ColorCase("cHRM that is too short", [(b"cHRM", DISPLAY_P3[1][:16]), gama(1.0)]),
    ColorCase("cHRM of zeros", [chrm(*[0] * 8), gama(1.0)]),
    ColorCase("two of each", [DISPLAY_P3, ADOBE_RGB, gama(1.0), gama(0.3)]),
    *(ColorCase(f"gAMA {value} with cHRM", [DISPLAY_P3, gama(value)]) for value in (0.01, 0.2, 2.2, 10)),
    ColorCase("cICP before iCCP", [cicp(12, 13), iccp(rgb_profile())]),
    ColorCase("cICP before sRGB", [cicp(12, 13), SRGB]),
    ColorCase("cICP of sRGB before cHRM and gAMA", [cicp(1, 13), DISPLAY_P3, gama(1.0)]),
    ColorCase("unspecified cICP, then cHRM and gAMA", [cicp(2, 2), DISPLAY_P3, gama(0.45455)]),
    ColorCase("cICP of limited range", [cicp(12, 13, full_range=0)]),
    *(ColorCase(f"cICP primaries {number}", [cicp(number, 13)]) for number in (1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 22)),
    *(ColorCase(f"cICP transfer {number}", [cicp(1, number)]) for number in (1, 4, 5, 6, 7, 8, 11, 13, 14, 15, 17)),
    ColorCase("cICP of DCI-P3", [cicp(11, 17)]),
    ColorCase("cICP of unknown transfer", [cicp(12, 12)]),
)
