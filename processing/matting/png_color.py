"""Finds the color space of a PNG in its chunks (W3C PNG, third edition, 4.3 and 11.3.2), as an ICC profile.

In this order: cICP, iCCP, sRGB, cHRM with gAMA, gAMA alone; see decision 0009.
"""

import struct
import zlib
from collections.abc import Callable, Mapping

import numpy as np

from processing.matting.matrix_profile import Curve, Primaries, gray_profile, rgb_profile

KINDS = frozenset({b"cICP", b"iCCP", b"sRGB", b"cHRM", b"gAMA"})

_MAX_PROFILE_BYTES = 4 * 1024 * 1024
_MAX_PNG_NUMBER = 2**31 - 1
_CHRM_BYTES = 32
_RENDERING_INTENTS = {b"\x00", b"\x01", b"\x02", b"\x03"}
_VALUES = np.arange(256) / 255

_D65, _C, _E, _DCI_WHITE = (0.3127, 0.3290), (0.310, 0.316), (1 / 3, 1 / 3), (0.314, 0.351)
_BT709: Primaries = (*_D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_SMPTE_170M: Primaries = (*_D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070)
# ITU-T H.273, table 2.
_PRIMARIES: Mapping[int, Primaries] = {
    1: _BT709,
    4: (*_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: (*_D65, 0.64, 0.33, 0.29, 0.60, 0.15, 0.06),
    6: _SMPTE_170M,
    7: _SMPTE_170M,
    8: (*_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: (*_D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046),
    10: (*_E, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0),
    11: (*_DCI_WHITE, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    12: (*_D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060),
    22: (*_D65, 0.630, 0.340, 0.295, 0.605, 0.155, 0.077),
}


def find_profiles(chunks: Mapping[bytes, bytes], *, is_gray: bool) -> tuple[bytes, ...]:
    """Return ICC profiles for the pixels, the first usable one counts; none for sRGB and for unlabeled pixels."""
    described = _described_by_code_points(chunks.get(b"cICP", b""))
    if described:
        return _written(described, is_gray=is_gray)
    embedded = _inflated_profile(chunks.get(b"iCCP", b""))
    found = (embedded,) if embedded else ()
    if chunks.get(b"sRGB") in _RENDERING_INTENTS:
        return found
    described = _described_by_measurements(chunks.get(b"cHRM", b""), chunks.get(b"gAMA", b""))
    return found + (_written(described, is_gray=is_gray) if described else ())


def _written(described: tuple[Primaries, Curve], *, is_gray: bool) -> tuple[bytes, ...]:
    primaries, curve = described
    profile = gray_profile(primaries, curve) if is_gray else rgb_profile(primaries, curve)
    return (profile,) if profile else ()


def _described_by_code_points(payload: bytes) -> tuple[Primaries, Curve] | None:
    """Read a cICP chunk; None where it is unknown, of limited range, or not RGB, which PNG does not allow."""
    if len(payload) != 4 or payload[2:] != b"\x00\x01":
        return None
    primaries, curve = _PRIMARIES.get(payload[0]), _CURVES.get(payload[1])
    return (primaries, curve(_VALUES)) if primaries and curve else None


def _described_by_measurements(chrm: bytes, gama: bytes) -> tuple[Primaries, Curve] | None:
    """Read gAMA, and cHRM where there is one; None without a usable gAMA."""
    gamma = int.from_bytes(gama, "big")
    if len(gama) != 4 or not 0 < gamma <= _MAX_PNG_NUMBER:
        return None
    if len(chrm) != _CHRM_BYTES:
        return None if _is_gamma_of_srgb(gamma) else (_BT709, _VALUES ** (100_000 / gamma))
    numbers = struct.unpack(">8I", chrm)
    if max(numbers) > _MAX_PNG_NUMBER:
        return None
    x, y, *others = [number / 100_000 for number in numbers]
    return (x, y, *others), _VALUES ** (100_000 / gamma)


def _is_gamma_of_srgb(gamma: int) -> bool:
    """Whether a gAMA without cHRM says 1/2.2, which stands for sRGB (libpng's margin)."""
    return abs(gamma / 45_455 - 1) <= 0.05


def _inflated_profile(payload: bytes) -> bytes | None:
    """Return the ICC profile of an iCCP chunk (name, NUL, method, zlib data); None where it is broken or a bomb."""
    _, _, compressed = payload.partition(b"\x00")
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(compressed[1:], _MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile if inflater.eof else None


def _power(exponent: float, peak: float = 1.0) -> Callable[[Curve], Curve]:
    return lambda values: peak * values**exponent


def _linear_of_srgb(values: Curve) -> Curve:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _linear_of_smpte_240m(values: Curve) -> Curve:
    return np.where(values < 0.0913, values / 4, ((values + 0.1115) / 1.1115) ** (1 / 0.45))


def _shown_of_pq(values: Curve) -> Curve:
    """Return PQ (ITU-R BT.2100, table 4) for a screen without high dynamic range."""
    power = values ** (1 / 78.84375)
    return _shown_of_luminance(
        10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
    )


def _shown_of_hlg(values: Curve) -> Curve:
    """Return HLG (ITU-R BT.2100, table 5) as a screen of 1000 cd/m2 has it, for one without high dynamic range."""
    scene = np.where(values <= 0.5, values**2 / 3, (np.exp((values - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    return _shown_of_luminance(1000 * scene**1.2)


def _shown_of_luminance(luminance: Curve) -> Curve:
    """Map cd/m2 to 0..1: up to reference white (203, ITU-R BT.2408) in proportion to 0.5, to 1000 by logarithm."""
    white, peak = 203.0, 1000.0
    above = np.log(np.maximum(luminance, white) / white) / np.log(peak / white)
    return np.where(luminance <= white, luminance / white / 2, np.minimum(1, 0.5 + above / 2))


# ITU-T H.273, table 3, as screens show it; that of BT.709 and its kin is BT.1886, a power of 2.4.
_CURVES: Mapping[int, Callable[[Curve], Curve]] = {
    **dict.fromkeys((1, 6, 11, 14, 15), _power(2.4)),
    4: _power(2.2),
    5: _power(2.8),
    7: _linear_of_smpte_240m,
    8: _power(1.0),
    13: _linear_of_srgb,
    16: _shown_of_pq,
    17: _power(2.6, peak=52.37 / 48),
    18: _shown_of_hlg,
}
