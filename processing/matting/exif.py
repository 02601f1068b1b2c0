"""Reads the one EXIF field that changes the picture (CIPA DC-008, tag 0x0112)."""

import struct

_PREFIX = b"Exif\x00\x00"
_ORIENTATION_TAG = 0x0112
_SIZE_OF_TYPE = {1: "B", 3: "H", 4: "I"}
_BYTE_ORDERS = {b"II*\x00": "<", b"MM\x00*": ">"}
UPRIGHT = 1


def read_orientation(exif: bytes | None) -> int:
    """Return the orientation 1..8 that an EXIF block names; 1 (as stored) where there is none or it is broken."""
    if exif is None:
        return UPRIGHT
    try:
        orientation = _orientation_in(exif.removeprefix(_PREFIX))
    except struct.error:
        return UPRIGHT
    return orientation if 1 <= orientation <= 8 else UPRIGHT


def _orientation_in(tiff: bytes) -> int:
    order = _BYTE_ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT
    (directory,) = struct.unpack_from(order + "I", tiff, 4)
    (entries,) = struct.unpack_from(order + "H", tiff, directory)
    for index in range(entries):
        entry = directory + 2 + 12 * index
        tag, kind = struct.unpack_from(order + "HH", tiff, entry)
        if tag == _ORIENTATION_TAG and kind in _SIZE_OF_TYPE:
            (orientation,) = struct.unpack_from(order + _SIZE_OF_TYPE[kind], tiff, entry + 8)
            return int(orientation)
    return UPRIGHT
