"""Writes ICC profiles (ICC.1:2001) of an RGB or gray space from its primaries and its transfer curve."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]
"""Linear light of each 8-bit value, 1 is white: 256 numbers, above 1 for what is brighter than white."""
Primaries = tuple[float, float, float, float, float, float, float, float]
"""CIE 1931 x and y of white, red, green and blue."""

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_HEADER_BYTES, _ENTRY_BYTES = 128, 12
_MIN_DETERMINANT = 1e-4


def rgb_profile(primaries: Primaries, curve: Curve) -> bytes | None:
    """Return the profile of an RGB space; None where the primaries span none."""
    columns = _columns_in_d50(primaries)
    if columns is None:
        return None
    peak = max(1.0, curve.max())  # a curve ends at 1: what is brighter goes into the matrix
    tags = [(name, _xyz(columns[:, i] * peak)) for i, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))]
    return _profile(b"RGB ", [*tags, *[(name, _curve(curve / peak)) for name in (b"rTRC", b"gTRC", b"bTRC")]])


def gray_profile(primaries: Primaries, curve: Curve) -> bytes | None:
    """Return the profile of a gray space; None as in `rgb_profile`, although the primaries change nothing in it."""
    if _columns_in_d50(primaries) is None:
        return None
    return _profile(b"GRAY", [(b"kTRC", _curve(curve))])


def _columns_in_d50(primaries: Primaries) -> NDArray[np.float64] | None:
    """Return the XYZ of full red, green and blue as columns, adapted to D50 (ICC.1, annex E)."""
    xy = np.array(primaries).reshape(4, 2)
    if xy[0, 1] <= 0:
        return None
    xyz = np.stack([xy[:, 0], xy[:, 1], 1 - xy.sum(axis=1)])
    if abs(np.linalg.det(xyz[:, 1:])) < _MIN_DETERMINANT:
        return None
    white = xyz[:, 0] / xyz[1, 0]
    columns = xyz[:, 1:] * np.linalg.solve(xyz[:, 1:], white)
    cone_scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted: NDArray[np.float64] = np.linalg.solve(_BRADFORD, cone_scale @ _BRADFORD) @ columns
    return adapted


def _profile(space: bytes, tags: Sequence[tuple[bytes, bytes]]) -> bytes:
    tags = [(b"wtpt", _xyz(_D50)), *tags]
    offset = _HEADER_BYTES + 4 + _ENTRY_BYTES * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, payload in tags:
        table += name + struct.pack(">II", offset + len(body), len(payload))
        body += payload
    version, signature = 0x02400000, b"acsp"
    header = struct.pack(">I4xI4s4s4s12x4s28x", offset + len(body), version, b"mntr", space, b"XYZ ", signature)
    return (header + _fixed(_D50)).ljust(_HEADER_BYTES, b"\x00") + table + body


def _curve(curve: Curve) -> bytes:
    samples = np.rint(np.clip(curve, 0, 1) * 65535).astype(">u2")
    return b"curv" + struct.pack(">4xI", len(samples)) + samples.tobytes()


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \x00\x00\x00\x00" + _fixed(values)


def _fixed(values: NDArray[np.float64]) -> bytes:
    """Return s15Fixed16 numbers."""
    return np.rint(np.clip(values, -32768, 32767) * 65536).astype(">i4").tobytes()
